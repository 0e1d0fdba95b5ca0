#include "secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "buf.h"

/* First line of `path` appended to b. */
static enum rc add_file(struct buf *b, const char *path, struct err *e)
{
    char line[4096];
    FILE *f = fopen(path, "re");
    if (!f)
        return err_sys(e, RC_BAD, errno, "secret file %s", path);
    enum rc rc = RC_OK;
    if (!fgets(line, sizeof(line), f))
        rc = err_set(e, RC_BAD, "secret file %s: empty or unreadable", path);
    else
        buf_add(b, line, strcspn(line, "\r\n"));
    explicit_bzero(line, sizeof(line));
    fclose(f);
    return rc;
}

/* ${NAME} at *s; moves behind it. */
static enum rc add_variable(struct buf *b, const char **s, struct err *e)
{
    char name[128];
    const char *end = strchr(*s, '}');
    size_t n = end ? (size_t)(end - *s) - 2 : 0;
    if (n == 0 || n >= sizeof(name))
        return err_set(e, RC_BAD, "secret: '${' without a variable's name and '}'");
    memcpy(name, *s + 2, n);
    name[n] = '\0';
    const char *value = getenv(name);
    if (!value)
        return err_set(e, RC_BAD, "secret: the environment variable %s is not set", name);
    buf_str(b, value);
    *s = end + 1;
    return RC_OK;
}

enum rc secret_resolve(const char *spec, char **out, struct err *e)
{
    struct buf b;
    enum rc rc = RC_OK;
    buf_init(&b, SECRET_MAX_BYTES);
    if (strncmp(spec, "file:", 5) == 0) {
        rc = add_file(&b, spec + 5, e);
    } else {
        while (rc == RC_OK && *spec) {
            if (spec[0] == '$' && spec[1] == '{')
                rc = add_variable(&b, &spec, e);
            else
                buf_char(&b, *spec++);
        }
    }
    if (rc == RC_OK)
        rc = buf_check(&b, "secret", e);
    if (rc == RC_OK) {
        char *value = buf_take(&b, NULL);
        if (value)
            *out = value;
        else
            rc = err_set(e, RC_NOMEM, "secret: out of memory");
    }
    buf_wipe(&b);
    return rc;
}

void secret_free(char *s)
{
    if (!s)
        return;
    explicit_bzero(s, strlen(s));
    free(s);
}
