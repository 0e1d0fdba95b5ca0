/* notes.h: reads the labelled notes of tests/data/notes (README.md there says how they are written). */
#ifndef TESTS_POLICY_NOTES_H
#define TESTS_POLICY_NOTES_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOTE_MAX_LABELS 64
#define NOTE_MAX_BYTES  8192

struct note_label {
    char kind; /* P, O, A, E, T; o: not counted */
    size_t start, end;
};

struct note {
    char text[NOTE_MAX_BYTES]; /* without the labels */
    size_t n;
    struct note_label labels[NOTE_MAX_LABELS];
    size_t n_labels;
};

static inline void note_add(struct note *note, const char *line)
{
    for (const char *p = line; *p; p++) {
        if (p[0] == '{' && p[1] && p[2] == ':') {
            note->labels[note->n_labels++] = (struct note_label){.kind = p[1], .start = note->n, .end = 0};
            p += 2;
        } else if (*p == '}') {
            for (size_t k = note->n_labels; k-- > 0;)
                if (!note->labels[k].end) {
                    note->labels[k].end = note->n;
                    break;
                }
        } else {
            note->text[note->n++] = *p;
        }
    }
    note->text[note->n] = '\0';
}

/* The next note of the file; false at its end. `*pending`: its first line has been read already; begin with false. */
static inline bool note_read(FILE *f, struct note *note, bool *pending)
{
    char line[4096];
    bool any = *pending;

    memset(note, 0, sizeof(*note));
    *pending = false;
    while (fgets(line, sizeof(line), f)) {
        if (line[0] == '#') continue;
        if (strncmp(line, "=== ", 4) == 0) {
            if (any) {
                *pending = true;
                break;
            }
            any = true;
            continue;
        }
        note_add(note, line);
    }
    while (note->n && note->text[note->n - 1] == '\n') note->text[--note->n] = '\0';
    return any;
}

#endif
