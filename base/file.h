/* file.h: what a plain write() leaves to its caller. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

/* Write n bytes, however many calls that takes, and wait until the disk has them. false: errno says why. */
bool file_write_all(int fd, const void *bytes, size_t n);

#endif
