/* rest_fetch.c: whole records for a batch of ids: the records, then each kind of parent and each list of children for
 * all of them together, then the parents of those children. How many requests that is: rest.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../base/str.h"
#include "rest.h"
#include "links.h"
#include "value.h"

#define SCRATCH_MAX_BYTES ((size_t)64 << 20)
#define KEPT_MAX_BYTES ((size_t)64 << 20)  /* of the answers that a fetch holds in memory */
#define LIST_MAX_BYTES ((size_t)4000)      /* of the values in one URL, as they are escaped */

/* One record that was asked for. A bad value anywhere in it quarantines it as a whole. */
struct root {
    struct record *record; /* NULL once it was quarantined */
    const char *id;
};

/* A record whose relations are to be loaded. */
struct node {
    struct root *root;
    struct record *record;
    const cJSON *item; /* in a document that the fetch keeps */
    struct node *next;
};

struct nodes {
    struct node *first, **tail;
    size_t n;
};

struct kept {
    cJSON *doc;
    struct kept *next;
};

struct fetch {
    struct rest *c;
    struct rest_object o; /* with the mapping of this fetch, which may have fewer fields */
    bad_fn on_bad;
    void *ctx;
    struct arena scratch;
    struct kept *docs;
    size_t kept_bytes;
    struct root roots[CONNECTOR_MAX_BATCH];
    size_t n_roots;
    struct nodes nodes; /* of the roots */
};

static enum rc no_memory(const struct fetch *f, struct err *e)
{
    return err_set(e, RC_NOMEM, "%s: no memory for a batch of %s", f->c->name.data, f->o.map->name);
}

static void report(struct fetch *f, const char *id, const char *why)
{
    struct bad_record bad = {.object = f->o.map->name, .id = id, .reason = why};

    f->on_bad(f->ctx, &bad);
}

/* Give up on one record and go on with the others; any other failure than a bad value is passed on. */
static enum rc quarantine(struct fetch *f, struct root *root, enum rc rc, const struct err *why, struct err *e)
{
    if (rc != RC_BAD && rc != RC_LIMIT) return err_set(e, rc, "%s", why->msg);
    record_close(root->record);
    root->record = NULL;
    report(f, root->id, why->msg);
    return RC_OK;
}

static enum rc keep_document(struct fetch *f, cJSON **doc, size_t n_bytes, const char *what, struct err *e)
{
    struct kept *k = arena_alloc(&f->scratch, sizeof(*k));

    if (!k) return no_memory(f, e);
    f->kept_bytes += n_bytes;
    if (f->kept_bytes > KEPT_MAX_BYTES)
        return err_set(e, RC_LIMIT, "%s: %s: the answers for one batch are larger than %zu bytes", f->c->name.data, what,
                       KEPT_MAX_BYTES);
    k->doc = *doc;
    *doc = NULL;
    k->next = f->docs;
    f->docs = k;
    return RC_OK;
}

static enum rc add_node(struct fetch *f, struct nodes *nodes, struct root *root, struct record *r, const cJSON *item,
                        struct err *e)
{
    struct node *n = arena_alloc(&f->scratch, sizeof(*n));

    if (!n) return no_memory(f, e);
    *n = (struct node){.root = root, .record = r, .item = item};
    *nodes->tail = n;
    nodes->tail = &n->next;
    nodes->n++;
    return RC_OK;
}

/* ---- items by the values of a column ---------------------------------------------------------------------------------- */

struct reading;
/* One item that has `value` in the column; etag is "" where there is none. *wanted: keep the document. */
typedef enum rc (*item_fn)(struct reading *r, const cJSON *item, const char *value, const char *etag, bool *wanted,
                           struct err *e);

struct reading {
    struct fetch *f;
    const struct rest_object *o;   /* of the items */
    const char *column;
    const struct map_condition *where; /* besides that of the object; or NULL */
    item_fn on_item;
    void *ctx;
    bool (*full)(struct reading *r, const char *const *values, size_t n); /* whether no more is wanted; or NULL */
    const char *const *values;     /* of the request that runs */
    size_t n, n_found;
};

/* The value that an item was asked for by, NULL and RC_BAD if it cannot be told. */
static enum rc value_of(struct reading *r, const cJSON *item, const char **value, struct err *e)
{
    struct rest_value v = rest_value_at(item, r->column);
    const char *name = r->o->map->name, *source = r->f->c->name.data;

    *value = r->values[0];
    if (str_eq(r->o->from_column, r->column) || (!v.text && r->n == 1)) return RC_OK;
    if (!v.text)
        return err_set(e, RC_BAD, "%s: %s: its records do not show '%s', by which a list of them is asked for", source,
                       name, r->column);
    for (size_t i = 0; i < r->n; i++) {
        *value = r->values[i];
        if (str_eq(v.text, *value)) return RC_OK;
    }
    return err_set(e, RC_BAD, "%s: %s: the API gives others than were asked for: does it know the parameter '%s'?", source,
                   name, rest_filter_of(r->o, r->column)->parameter);
}

static enum rc take_page(void *ctx, struct rest_page *page, struct err *e)
{
    struct reading *r = ctx;
    const cJSON *item;
    const char *value;
    bool keep = false;
    enum rc rc = RC_OK;

    cJSON_ArrayForEach(item, page->items)
    {
        bool wanted = false;

        rc = value_of(r, item, &value, e);
        if (rc != RC_OK) break;
        r->n_found++;
        if (!rest_matches(r->o, r->o->map->where, item) || !rest_matches(r->o, r->where, item)) continue;
        rc = r->on_item(r, item, value, "", &wanted, e);
        if (rc != RC_OK) break;
        keep = keep || wanted;
    }
    if (str_eq(r->column, r->o->map->key) && r->n_found >= r->n) page->stop = true; /* a key is there once */
    if (r->full && r->full(r, r->values, r->n)) page->stop = true;
    /* Even after a failure: what was kept so far points into it. */
    if (keep) {
        struct err why;
        enum rc kept = keep_document(r->f, &page->doc, page->n_bytes, r->o->map->name, &why);

        if (rc == RC_OK && kept != RC_OK) rc = err_set(e, kept, "%s", why.msg);
    }
    return rc;
}

/* The items for values[n], which one request can ask for. */
static enum rc read_list(struct reading *r, const struct rest_filter *filter, const char *const *values, size_t n,
                         struct err *e)
{
    struct buf url;
    enum rc rc;

    r->values = values;
    r->n = n;
    r->n_found = 0;
    buf_init(&url, HTTP_MAX_URL_BYTES);
    rc = rest_list_url(r->f->c, r->o, filter ? NULL : values[0], r->where, &url, e);
    if (rc == RC_OK && filter) rest_add_values(&url, filter, values, n);
    if (rc == RC_OK) rc = buf_check(&url, "URL", e);
    if (rc == RC_OK) rc = rest_pages(r->f->c, r->o, url.data, take_page, r, e);
    buf_clear(&url);
    return rc;
}

static enum rc read_one(struct reading *r, const char *id, struct err *e)
{
    struct rest_page page;
    struct buf etag;
    bool wanted = false;
    enum rc rc;

    buf_init(&etag, 4096);
    rc = rest_read_one(r->f->c, r->o, id, &page, &etag, e);
    if (rc == RC_OK && page.items && rest_matches(r->o, r->o->map->where, page.items))
        rc = r->on_item(r, page.items, id, r->o->etag ? etag.data : "", &wanted, e);
    if (rc == RC_OK && wanted) rc = keep_document(r->f, &page.doc, page.n_bytes, r->o->map->name, e);
    cJSON_Delete(page.doc);
    buf_clear(&etag);
    return rc;
}

static bool separates(const struct rest_filter *f, const char *value)
{
    return f && f->list && *f->list && strchr(value, f->list[0]);
}

/* How many of values[n] one request can ask for. */
static size_t chunk(const struct rest_filter *f, const char *const *values, size_t n)
{
    size_t bytes = 0, k = 0;

    while (k < n && k < f->max) {
        bytes += 3 * strlen(values[k]) + 3 + strlen(f->parameter); /* as if every byte were escaped and no list joined */
        if (k > 0 && bytes > LIST_MAX_BYTES) break;
        k++;
    }
    return k;
}

/* All items whose column has one of values[n], each value once. One that the API's list cannot hold matches nothing. */
static enum rc read_by(struct reading *r, const char *const *values, size_t n, struct err *e)
{
    const struct rest_filter *filter = rest_filter_of(r->o, r->column);
    bool by_path = str_eq(r->o->from_column, r->column);
    bool one_by_one = !by_path && str_eq(r->column, r->o->map->key) && r->o->record && (r->o->etag || !filter);
    const char **clean;
    size_t n_clean = 0, step = 1;
    enum rc rc = RC_OK;

    if (!by_path && !one_by_one && !filter)
        return err_set(e, RC_BAD, "%s: %s: it cannot be read by '%s': its 'rest' needs a filter of that column or 'record'",
                       r->f->c->name.data, r->o->map->name, r->column);
    clean = arena_array(&r->f->scratch, n, sizeof(*clean));
    if (!clean) return no_memory(r->f, e);
    for (size_t i = 0; i < n; i++) {
        if (one_by_one || by_path || !separates(filter, values[i])) clean[n_clean++] = values[i];
    }
    for (size_t i = 0; i < n_clean && rc == RC_OK; i += step) {
        if (!one_by_one && !by_path) step = chunk(filter, clean + i, n_clean - i);
        rc = one_by_one ? read_one(r, clean[i], e) : read_list(r, by_path ? NULL : filter, clean + i, step, e);
    }
    return rc;
}

/* ---- links: which records wait for an item with a certain value --------------------------------------------------------- */

struct links {
    struct link *items; /* sorted by value */
    size_t n;
    const char **values; /* each value once, sorted */
    size_t *counts;      /* items so far, for each of values */
    size_t n_values;
};

static enum rc collect(struct fetch *f, const struct nodes *nodes, const char *column, struct links *out,
                       struct err *e)
{
    *out = (struct links){0};
    out->items = arena_array(&f->scratch, nodes->n + 1, sizeof(*out->items));
    out->values = arena_array(&f->scratch, nodes->n + 1, sizeof(*out->values));
    out->counts = arena_array(&f->scratch, nodes->n + 1, sizeof(*out->counts));
    if (!out->items || !out->values || !out->counts) return no_memory(f, e);
    for (struct node *n = nodes->first; n; n = n->next) {
        struct rest_value v = rest_value_at(n->item, column);

        if (n->root->record && value_key_ok(v.text, v.n) && !rest_marked(v.text))
            out->items[out->n++] = (struct link){v.text, n};
    }
    out->n_values = links_sort(out->items, out->n, out->values);
    return RC_OK;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static size_t *count_of(const struct links *l, const char *value)
{
    const char **at = bsearch(&value, l->values, l->n_values, sizeof(*l->values), by_text);

    return &l->counts[at - l->values]; /* only values that were asked for come here */
}

/* ---- parents ------------------------------------------------------------------------------------------------------------ */

struct relation {
    const char *name;
    struct links links;
    const struct map_children *m; /* of children */
    struct kid *kids;
    size_t n_kids, room;
    struct nodes made;            /* of the children */
};

/* A record of r->o in node's record, as its parent or child. */
static enum rc attach(struct reading *r, struct node *node, const cJSON *item, struct err *e)
{
    struct relation *rel = r->ctx;
    struct fetch *f = r->f;
    const char *id = rest_key(r->o, item);
    struct record *made = NULL;
    enum rc rc;

    if (!id) return err_set(e, RC_BAD, "%s: the key of a %s is missing or malformed", rel->name, r->o->map->name);
    rc = record_open_in(node->root->record, f->c->base.cfg->name, r->o->map->name, id, &made, e);
    if (rc == RC_OK) rc = rest_fill(made, r->o, item, e);
    if (rc != RC_OK || made->deleted) return rc;
    if (!rel->m) return record_add_parent(node->record, rel->name, made, e);
    rc = record_add_child(node->record, rel->name, made, e);
    return rc == RC_OK ? add_node(f, &rel->made, node->root, made, item, e) : rc;
}

/* The same for every record that waits for `value`. */
static enum rc attach_all(struct reading *r, const cJSON *item, const char *value, struct err *e)
{
    const struct links *l = &((const struct relation *)r->ctx)->links;
    struct err why;
    enum rc rc = RC_OK;

    for (size_t i = links_find(l->items, l->n, value); links_has(l->items, l->n, i, value) && rc == RC_OK; i++) {
        struct node *node = l->items[i].node;

        if (!node->root->record) continue;
        rc = attach(r, node, item, &why);
        if (rc != RC_OK) rc = quarantine(r->f, node->root, rc, &why, e);
    }
    return rc;
}

static enum rc parent_item(struct reading *r, const cJSON *item, const char *value, const char *etag, bool *wanted,
                           struct err *e)
{
    struct relation *rel = r->ctx;
    size_t *count = count_of(&rel->links, value);

    (void)etag;
    (void)wanted;
    if ((*count)++) return RC_OK; /* the same again, on a page that has moved */
    return attach_all(r, item, value, e);
}

static enum rc load_parent(struct fetch *f, const struct nodes *nodes, const struct map_parent *p, struct err *e)
{
    struct relation rel = {.name = p->name};
    struct reading r = {.f = f, .on_item = parent_item, .ctx = &rel};
    enum rc rc = collect(f, nodes, p->column, &rel.links, e);

    if (rc != RC_OK || rel.links.n_values == 0) return rc;
    r.o = rest_object_of(&f->c->config, source_object(f->c->base.cfg, p->object));
    r.column = r.o->map->key;
    return read_by(&r, rel.links.values, rel.links.n_values, e);
}

static enum rc load_parents(struct fetch *f, const struct nodes *nodes, const struct map_object *o, struct err *e)
{
    enum rc rc = RC_OK;

    for (const struct map_parent *p = o->parents; p && rc == RC_OK; p = p->next)
        rc = load_parent(f, nodes, p, e);
    return rc;
}

/* ---- children ------------------------------------------------------------------------------------------------------------ */

struct kid {
    const char *value;      /* that its parents match */
    const cJSON *item;
    struct rest_value order;
    int64_t us;             /* of order; INT64_MIN if it is no time */
    size_t place;           /* in which it came */
};

/* By value, then newest first; without an order as the API gave them. */
static int newest_first(const void *a, const void *b)
{
    const struct kid *x = a, *y = b;
    int by = strcmp(x->value, y->value);

    if (by != 0) return by;
    if (x->us != y->us) return x->us < y->us ? 1 : -1;
    if (!x->order.text != !y->order.text) return x->order.text ? -1 : 1;
    by = x->order.text && x->us == INT64_MIN ? strcmp(y->order.text, x->order.text) : 0;
    return by != 0 ? by : x->place < y->place ? -1 : 1;
}

static enum rc child_item(struct reading *r, const cJSON *item, const char *value, const char *etag, bool *wanted,
                          struct err *e)
{
    struct relation *rel = r->ctx;
    size_t *count = count_of(&rel->links, value);
    const char *order = rel->m->order ? rel->m->order : r->o->map->modified;
    struct kid *k;

    (void)etag;
    if (rest_deleted(r->o, item) || (r->o->newest_first && *count >= rel->m->newest)) return RC_OK;
    if (rel->n_kids == rel->room) {
        size_t room = rel->room ? 2 * rel->room : 64;
        struct kid *more = realloc(rel->kids, room * sizeof(*more));

        if (!more) return no_memory(r->f, e);
        rel->kids = more;
        rel->room = room;
    }
    (*count)++;
    k = &rel->kids[rel->n_kids];
    *k = (struct kid){.value = value, .item = item, .order = rest_value_at(item, order), .place = rel->n_kids};
    if (!rest_stamp(r->o, &k->order, &k->us)) k->us = INT64_MIN;
    rel->n_kids++;
    *wanted = true;
    return RC_OK;
}

static bool children_full(struct reading *r, const char *const *values, size_t n)
{
    struct relation *rel = r->ctx;

    for (size_t i = 0; i < n; i++) {
        if (*count_of(&rel->links, values[i]) < rel->m->newest) return false;
    }
    return r->o->newest_first;
}

/* The newest of each value to its records. A child that comes twice, on a page that has moved, counts once. */
static enum rc attach_newest(struct reading *r, struct err *e)
{
    struct relation *rel = r->ctx;
    size_t taken = 0;
    enum rc rc = RC_OK;

    if (rel->n_kids) qsort(rel->kids, rel->n_kids, sizeof(*rel->kids), newest_first);
    for (size_t i = 0; i < rel->n_kids && rc == RC_OK; i++) {
        const struct kid *k = &rel->kids[i];
        const char *key = rest_key(r->o, k->item);
        bool again = false;

        if (i == 0 || strcmp(k->value, k[-1].value) != 0) taken = 0;
        if (taken == rel->m->newest) continue;
        for (size_t j = i; j-- > 0 && key && strcmp(rel->kids[j].value, k->value) == 0 && !again;)
            again = str_eq(key, rest_key(r->o, rel->kids[j].item));
        if (again) continue;
        taken++;
        rc = attach_all(r, k->item, k->value, e);
    }
    return rc;
}

/* A list without items is a list too. */
static enum rc make_lists(struct fetch *f, const struct nodes *nodes, const char *name, struct err *e)
{
    struct err why;
    enum rc rc = RC_OK;

    for (struct node *n = nodes->first; n && rc == RC_OK; n = n->next) {
        if (!n->root->record) continue;
        rc = record_add_child(n->record, name, NULL, &why);
        if (rc != RC_OK) rc = quarantine(f, n->root, rc, &why, e);
    }
    return rc;
}

static enum rc load_children(struct fetch *f, const struct nodes *nodes, const struct map_children *m, struct err *e)
{
    struct relation rel = {.name = m->name, .m = m};
    struct reading r = {.f = f, .column = m->child_column, .where = m->where, .on_item = child_item, .ctx = &rel,
                        .full = children_full};
    enum rc rc = make_lists(f, nodes, m->name, e);

    rel.made.tail = &rel.made.first;
    if (rc == RC_OK) rc = collect(f, nodes, m->parent_column, &rel.links, e);
    if (rc != RC_OK || rel.links.n_values == 0) return rc;
    r.o = rest_object_of(&f->c->config, source_object(f->c->base.cfg, m->object));
    rc = read_by(&r, rel.links.values, rel.links.n_values, e);
    if (rc == RC_OK) rc = attach_newest(&r, e);
    free(rel.kids);
    return rc == RC_OK ? load_parents(f, &rel.made, r.o->map, e) : rc;
}

/* ---- the batch ------------------------------------------------------------------------------------------------------------- */

static struct root *root_with_id(struct fetch *f, const char *id)
{
    for (size_t i = 0; i < f->n_roots; i++) {
        if (str_eq(f->roots[i].id, id)) return &f->roots[i];
    }
    return NULL;
}

static enum rc fill_root(struct fetch *f, struct root *root, const cJSON *item, const char *etag, struct err *e)
{
    enum rc rc = record_open(f->c->base.cfg->name, f->o.map->name, root->id, &root->record, e);

    if (rc == RC_OK) rc = rest_fill(root->record, &f->o, item, e);
    if (rc == RC_OK && *etag) {
        root->record->version = arena_dup(root->record->arena, etag);
        if (!root->record->version) rc = no_memory(f, e);
    }
    if (rc != RC_OK || root->record->deleted) return rc;
    return add_node(f, &f->nodes, root, root->record, item, e);
}

static enum rc root_item(struct reading *r, const cJSON *item, const char *id, const char *etag, bool *wanted,
                         struct err *e)
{
    struct fetch *f = r->f;
    struct root *root;
    struct err why;
    enum rc rc;

    if (root_with_id(f, id)) return RC_OK; /* the same again, on a page that has moved */
    root = &f->roots[f->n_roots];          /* ids are at most CONNECTOR_MAX_BATCH */
    root->id = arena_dup(&f->scratch, id);
    if (!root->id) return no_memory(f, e);
    f->n_roots++;
    *wanted = true;
    rc = fill_root(f, root, item, etag, &why);
    return rc == RC_OK ? RC_OK : quarantine(f, root, rc, &why, e);
}

/* Ids that cannot be asked for are reported, since silence would mean that they are gone. */
static enum rc load_roots(struct fetch *f, const char *const *ids, size_t n, struct err *e)
{
    struct reading r = {.f = f, .o = &f->o, .column = f->o.map->key, .on_item = root_item};
    const struct rest_filter *filter = f->o.record && f->o.etag ? NULL : rest_filter_of(&f->o, r.column);
    const char **values = arena_array(&f->scratch, n, sizeof(*values));
    size_t clean = 0;

    if (!values) return no_memory(f, e);
    for (size_t i = 0; i < n; i++) {
        if (!value_key_ok(ids[i], strlen(ids[i])) || separates(filter, ids[i]))
            report(f, ids[i], "its id cannot stand in a request of this API");
        else values[clean++] = ids[i];
    }
    return clean ? read_by(&r, values, clean, e) : RC_OK;
}

static enum rc load_relations(struct fetch *f, struct err *e)
{
    enum rc rc = load_parents(f, &f->nodes, f->o.map, e);

    for (const struct map_children *m = f->o.map->children; m && rc == RC_OK; m = m->next)
        rc = load_children(f, &f->nodes, m, e);
    return rc;
}

enum rc rest_fetch(struct connector *c, const struct map_object *o, const char *const *ids, size_t n,
                   record_fn on_record, bad_fn on_bad, void *ctx, struct err *e)
{
    struct fetch *f = calloc(1, sizeof(*f));
    enum rc rc;

    if (!f) return err_set(e, RC_NOMEM, "source %s: out of memory", c->cfg->name);
    f->c = (struct rest *)c;
    f->o = *rest_object_of(&f->c->config, o);
    f->o.map = o;
    f->on_bad = on_bad;
    f->ctx = ctx;
    f->nodes.tail = &f->nodes.first;
    arena_init(&f->scratch, SCRATCH_MAX_BYTES);
    rc = load_roots(f, ids, n, e);
    if (rc == RC_OK) rc = load_relations(f, e);
    for (size_t i = 0; i < f->n_roots && rc == RC_OK; i++) {
        struct record *taken = f->roots[i].record;

        f->roots[i].record = NULL;
        if (taken) rc = on_record(ctx, taken, e);
    }
    for (size_t i = 0; i < f->n_roots; i++)
        record_close(f->roots[i].record);
    for (struct kept *k = f->docs; k; k = k->next)
        cJSON_Delete(k->doc);
    arena_wipe(&f->scratch);
    free(f);
    return rc;
}
