/*
 * A TLS report as RFC 8460, section 4.4, has it, and what is known of the
 * message that brought it.  Data only: all of it belongs to one arena, all
 * text is valid UTF-8, and NULL stands for what was not there.
 */
#ifndef REPORT_H
#define REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "report/vocabulary.h"

enum { REPORT_KEY_SIZE = 16, REPORT_KEY_TEXT_SIZE = 37 };

struct text_list {
	const char **at;
	size_t len;
};

struct address {
	unsigned char family; /* 4 or 6; 0 where there is none */
	unsigned char octets[16];
	const char *text; /* as inet_ntop(3) writes it; NULL with family 0 */
};

struct failure {
	const char *result_type;
	struct address sending_mta_ip;
	const char *receiving_mx_hostname;
	const char *receiving_mx_helo;
	struct address receiving_ip;
	int64_t failed; /* sessions, from 0 */
	const char *additional_information;
	const char *failure_reason_code;
};

struct policy {
	const char *type;
	const char *domain;
	struct text_list strings; /* policy-string */
	struct text_list mx_hosts;
	const char *sts_mode; /* read out of strings where type is sts */
	int64_t sts_max_age;  /* seconds; -1 where there is none */
	int64_t successful;   /* sessions, from 0 */
	int64_t failed;
	struct failure *failures;
	size_t nfailures;
};

struct report {
	unsigned char key[REPORT_KEY_SIZE];
	unsigned char content_digest[DIGEST_SIZE]; /* of the JSON text */
	struct bytes document; /* as received: gzip or JSON */
	const char *organization;
	const char *id; /* report-id; never NULL */
	const char *contact;
	const char *submitter; /* TLS-Report-Submitter */
	int64_t start;         /* seconds since 1970, UTC */
	int64_t end;
	enum auth auth;
	const char *auth_domain;
	deviations deviations;
	struct policy *policies;
	size_t npolicies;
};

/* What one message, or one bare document, turned out to hold. */
struct intake {
	enum channel channel;
	const char *source;  /* where it was read: a path, "stdin", ... */
	int64_t received_at; /* seconds since 1970 */
	const char *message_id;
	const char *sender; /* address in From */
	const char *subject;
	enum outcome outcome;
	enum reason reason;
	const char *detail; /* for people: what is wrong, and where; or NULL */
	struct report *reports;
	size_t nreports;
};

#endif
