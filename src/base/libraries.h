/* The libraries that a program runs with: its bill of materials. */
#ifndef LIBRARIES_H
#define LIBRARIES_H

#include <stdio.h>

/*
 * Print each library that this program was built against and has loaded, with
 * its version at that time and the file it is loaded from, one a line.
 */
void libraries_print(FILE *out);

#endif
