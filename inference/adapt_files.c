/* adapt_files.c: a training's checkpoint, and the adapter as GGUF.
 *
 * A checkpoint is little-endian: magic, then a header whose hash stands with the values' at its end. It holds numbers
 * made from texts, as the adapter does, and so is written for its owner only. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../base/crypto.h"
#include "../base/file.h"
#include "adapt_train.h"
#include "gguf.h"

#define MAGIC     "briefd adapter training 1\n"
#define ALIGNMENT 32 /* of tensors in a file, GGUF specification: general.alignment */

/* The folder's entry is on the disk only when the folder is flushed. */
static void flush_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    char folder[4096];
    int fd;

    snprintf(folder, sizeof(folder), "%.*s", slash && slash != path ? (int)(slash - path) : 1,
             slash ? path : ".");
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    (void)fsync(fd); /* best effort: some file systems refuse it on folders */
    close(fd);
}

enum rc adapt_put_file(const char *path, const void *bytes, size_t n, struct err *e)
{
    char temporary[4096];
    int fd, failed = 0;

    if ((size_t)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= sizeof(temporary))
        return err_set(e, RC_BAD, "training: the path is too long");
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0) return err_sys(e, RC_BAD, errno, "training: write %s", path);
    if (!file_write_all(fd, bytes, n)) failed = errno;
    if (close(fd) != 0 && !failed) failed = errno;
    if (!failed && rename(temporary, path) != 0) failed = errno;
    if (failed) {
        unlink(temporary);
        return err_sys(e, RC_BAD, failed, "training: write %s", path);
    }
    flush_folder(path);
    return RC_OK;
}

/* ---- checkpoint --------------------------------------------------------------------------------------------------- */

struct header { /* what has to be the same in the training that goes on; no room between its members */
    char magic[sizeof(MAGIC) - 1];
    char base[64], data[64];
    char arithmetic[8];
    uint8_t room[6]; /* zeros, so that the compiler adds no bytes of its own */
    uint32_t rank, targets, epochs, batch;
    float alpha, learning_rate, weight_decay, warm_up;
    uint64_t seed, n_params, step;
};

_Static_assert(sizeof(struct header) == sizeof(MAGIC) - 1 + 64 + 64 + 8 + 6 + 8 * 4 + 3 * 8, "no gaps");

static enum rc make_header(const struct adapt *a, const char *data, struct header *h, struct err *e)
{
    const struct adapt_options *o = &a->opt;

    if (strlen(a->m->sha256) != 64) return err_set(e, RC_BAD, "%s: opened without its hash", a->m->path);
    if (strlen(data) != 64) return err_set(e, RC_BAD, "training: the data's hash is to have 64 digits");
    memset(h, 0, sizeof(*h));
    memcpy(h->magic, MAGIC, sizeof(h->magic));
    memcpy(h->base, a->m->sha256, sizeof(h->base));
    memcpy(h->data, data, sizeof(h->data));
    memcpy(h->arithmetic, a->m->kernels->name, strnlen(a->m->kernels->name, sizeof(h->arithmetic)));
    h->rank = o->rank;
    h->targets = o->targets;
    h->epochs = o->epochs;
    h->batch = o->batch;
    h->alpha = o->alpha;
    h->learning_rate = o->learning_rate;
    h->weight_decay = o->weight_decay;
    h->warm_up = o->warm_up;
    h->seed = o->seed;
    h->n_params = a->plan.n_params;
    h->step = a->step;
    return RC_OK;
}

static size_t checkpoint_bytes(const struct adapt *a)
{
    return sizeof(struct header) + 3 * a->plan.n_params * sizeof(float) + SHA256_SIZE;
}

enum rc adapt_save(const struct adapt *a, const char *path, const char *data, struct err *e)
{
    size_t n = checkpoint_bytes(a), one = a->plan.n_params * sizeof(float);
    uint8_t *bytes = NULL, *at;
    struct header h;
    enum rc rc = make_header(a, data, &h, e);

    if (rc == RC_OK && !(bytes = malloc(n))) rc = err_set(e, RC_NOMEM, "training: out of memory for a checkpoint");
    if (rc != RC_OK) return rc;
    memcpy(bytes, &h, sizeof(h));
    at = bytes + sizeof(h);
    memcpy(at, a->values, one);
    memcpy(at + one, a->mean, one);
    memcpy(at + 2 * one, a->square, one);
    sha256(bytes, n - SHA256_SIZE, bytes + n - SHA256_SIZE);
    rc = adapt_put_file(path, bytes, n, e);
    free(bytes);
    return rc;
}

/* Exactly n bytes of a file of that size. */
static enum rc read_file(const char *path, uint8_t *bytes, size_t n, struct err *e)
{
    FILE *f = fopen(path, "rbe");
    size_t got;

    if (!f) return err_sys(e, RC_BAD, errno, "training: read %s", path);
    got = fread(bytes, 1, n, f);
    if (got == n && fgetc(f) != EOF) got++;
    fclose(f);
    if (got == n) return RC_OK;
    return err_set(e, RC_BAD, "%s: no checkpoint of this training, or damaged: its size is another", path);
}

static enum rc compare(const char *path, const struct header *is, const struct header *want, struct err *e)
{
    const char *what = NULL;

    if (memcmp(is->base, want->base, sizeof(is->base)) != 0)
        what = "another model";
    else if (memcmp(is->data, want->data, sizeof(is->data)) != 0)
        what = "other briefs";
    else if (memcmp(is->arithmetic, want->arithmetic, sizeof(is->arithmetic)) != 0)
        what = "another instruction set";
    else if (memcmp(&is->rank, &want->rank, offsetof(struct header, step) - offsetof(struct header, rank)) != 0)
        what = "other settings";
    if (what) return err_set(e, RC_BAD, "%s: the checkpoint is of a training with %s", path, what);
    return RC_OK;
}

enum rc adapt_resume(struct adapt *a, const char *path, const char *data, struct err *e)
{
    size_t n = checkpoint_bytes(a), one = a->plan.n_params * sizeof(float);
    uint8_t *bytes = NULL, hash[SHA256_SIZE];
    struct header want, is;
    enum rc rc = make_header(a, data, &want, e);

    if (rc == RC_OK && !(bytes = malloc(n))) rc = err_set(e, RC_NOMEM, "training: out of memory for a checkpoint");
    if (rc == RC_OK) rc = read_file(path, bytes, n, e);
    if (rc == RC_OK) {
        memcpy(&is, bytes, sizeof(is));
        sha256(bytes, n - SHA256_SIZE, hash);
        if (memcmp(is.magic, MAGIC, sizeof(is.magic)) != 0)
            rc = err_set(e, RC_BAD, "%s: no checkpoint of a training", path);
        else if (memcmp(hash, bytes + n - SHA256_SIZE, sizeof(hash)) != 0)
            rc = err_set(e, RC_BAD, "%s: the checkpoint is damaged", path);
        else
            rc = compare(path, &is, &want, e);
    }
    if (rc == RC_OK) {
        memcpy(a->values, bytes + sizeof(is), one);
        memcpy(a->mean, bytes + sizeof(is) + one, one);
        memcpy(a->square, bytes + sizeof(is) + 2 * one, one);
        a->step = (size_t)is.step;
    }
    free(bytes);
    return rc;
}

/* ---- GGUF --------------------------------------------------------------------------------------------------------- */

static void put_u32(struct buf *b, uint32_t v)
{
    buf_add(b, &v, sizeof(v)); /* all processors that this is built for are little-endian, as the format is */
}

static void put_u64(struct buf *b, uint64_t v)
{
    buf_add(b, &v, sizeof(v));
}

static void put_text(struct buf *b, const char *s)
{
    put_u64(b, strlen(s));
    buf_str(b, s);
}

static void put_key_text(struct buf *b, const char *key, const char *value)
{
    put_text(b, key);
    put_u32(b, GGUF_STRING);
    put_text(b, value);
}

static void put_keys(struct buf *b, const struct adapt *a, const struct adapt_facts *facts)
{
    put_key_text(b, "general.type", "adapter");
    put_key_text(b, "general.architecture", a->m->architecture);
    put_key_text(b, "general.name", facts->name);
    put_key_text(b, "adapter.type", "lora");
    put_text(b, "adapter.lora.alpha");
    put_u32(b, GGUF_F32);
    buf_add(b, &a->opt.alpha, sizeof(a->opt.alpha));
    put_key_text(b, "briefd.base_sha256", a->m->sha256);
    put_key_text(b, "briefd.data_hash", facts->data);
    put_text(b, "briefd.briefs");
    put_u32(b, GGUF_U32);
    put_u32(b, facts->n_briefs);
    put_text(b, "briefd.seed");
    put_u32(b, GGUF_U64);
    put_u64(b, a->opt.seed);
}
#define N_KEYS 9 /* of put_keys() */

/* A matrix an expert where there are several, as the model's own tensor has them. */
static void put_tensor(struct buf *b, const struct adapt_target *t, const char *part, size_t width, size_t rows,
                       uint64_t *offset)
{
    char name[80];

    snprintf(name, sizeof(name), "%s.%s", t->name, part);
    put_text(b, name);
    put_u32(b, t->w->n_mats > 1 ? 3 : 2);
    put_u64(b, width);
    put_u64(b, rows);
    if (t->w->n_mats > 1) put_u64(b, t->w->n_mats);
    put_u32(b, TYPE_F32);
    put_u64(b, *offset);
    *offset += (width * rows * t->w->n_mats * sizeof(float) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void align(struct buf *b)
{
    static const char zeros[ALIGNMENT] = {0};

    buf_add(b, zeros, (ALIGNMENT - b->len % ALIGNMENT) % ALIGNMENT);
}

static void put_adapter(struct buf *b, const struct adapt *a, const struct adapt_facts *facts)
{
    uint64_t offset = 0;

    buf_str(b, "GGUF");
    put_u32(b, 3);
    put_u64(b, 2 * a->plan.n_targets);
    put_u64(b, N_KEYS);
    put_keys(b, a, facts);
    for (size_t i = 0; i < a->plan.n_targets; i++) {
        const struct adapt_target *t = &a->plan.targets[i];

        put_tensor(b, t, "lora_a", t->w->n_in, a->plan.rank, &offset);
        put_tensor(b, t, "lora_b", a->plan.rank, t->w->n_out, &offset);
    }
    for (size_t i = 0; i < a->plan.n_targets; i++) {
        const struct adapt_target *t = &a->plan.targets[i];

        align(b);
        buf_add(b, a->values + t->a, (t->b - t->a) * sizeof(float));
        align(b);
        buf_add(b, a->values + t->b, t->w->n_mats * t->w->n_out * a->plan.rank * sizeof(float));
    }
    align(b);
}

enum rc adapt_write(const struct adapt *a, const char *path, const struct adapt_facts *facts,
                    char hex[ADAPT_HASH_HEX], struct err *e)
{
    uint8_t hash[SHA256_SIZE];
    struct buf b;
    enum rc rc;

    if (strlen(a->m->sha256) != 64) return err_set(e, RC_BAD, "%s: opened without its hash", a->m->path);
    buf_init(&b, SIZE_MAX / 2);
    put_adapter(&b, a, facts);
    rc = buf_check(&b, "adapter", e);
    if (rc == RC_OK) rc = adapt_put_file(path, b.data, b.len, e);
    if (rc == RC_OK) {
        sha256(b.data, b.len, hash);
        for (size_t i = 0; i < SHA256_SIZE; i++)
            snprintf(hex + 2 * i, 3, "%02x", hash[i]);
    }
    buf_clear(&b);
    return rc;
}
