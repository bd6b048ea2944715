/* Dates and times as RFC 3339 has them, and as senders write them. */
#ifndef DATETIME_H
#define DATETIME_H

#include <stdbool.h>
#include <stdint.h>

enum { DATETIME_SIZE = 32 };

struct datetime {
	int64_t seconds;   /* since 1970-01-01T00:00:00Z, fractions dropped */
	bool without_zone; /* taken for UTC */
	bool without_time; /* taken for midnight */
	bool odd_form;     /* other digits and marks than RFC 3339 wants */
};

/*
 * Read a date and time, years 0001 to 9999 in UTC.  Beyond RFC 3339, section
 * 5.6, it takes a blank for "T", no zone, a zone without its colon, no time,
 * 24:00:00 and blanks around it.  False where it is no date, or out of range.
 */
bool datetime_read(const char *text, struct datetime *datetime);

/* Write a time as 2024-01-15T00:00:00Z. */
void datetime_write(int64_t seconds, char text[DATETIME_SIZE]);

/* Days since 1970-01-01 of a date; months count from 1. */
int64_t datetime_days(int64_t year, int month, int day);

/* The first second of the month that a time lies in. */
int64_t datetime_month(int64_t seconds);

#endif
