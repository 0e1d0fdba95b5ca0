/* JSON schema as an automaton. The validator here decides whole documents by the specification (JSON Schema 2020-12,
 * validation, sections 6 and 10) over cJSON's own parse, shares no code with the automaton, and compares numbers as
 * scaled integers. */
#include "suite.h"
#include "../../inference/constraint.h"
#include "../../inference/gguf.h"
#include "../../inference/sampler.h"

#include <math.h>
#include "../../base/json.h"
#include "../../base/str.h"

#define MAX_DOCUMENT 4096

/* ---- an independent validator --------------------------------------------------------------------------------------- */

/* Numbers of the tests have at most 9 digits before and 9 behind the point. */
static __int128 scaled(const char *digits)
{
    __int128 v = 0;
    int behind = -1;
    bool minus = *digits == '-';
    for (digits += minus; *digits; digits++) {
        if (*digits == '.') {
            behind = 0;
            continue;
        }
        ck_assert_msg(*digits >= '0' && *digits <= '9', "exponent in %s", digits);
        v = 10 * v + (*digits - '0');
        behind += behind >= 0;
    }
    for (int i = behind < 0 ? 0 : behind; i < 9; i++) v *= 10;
    return minus ? -v : v;
}

static __int128 number_at(const cJSON *schema, const char *key)
{
    return scaled(json_digits(cJSON_GetObjectItemCaseSensitive(schema, key)));
}

static bool equal(const cJSON *a, const cJSON *b)
{
    if (cJSON_IsRaw(a) && cJSON_IsRaw(b)) return scaled(a->valuestring) == scaled(b->valuestring);
    if (cJSON_IsArray(a) && cJSON_IsArray(b)) {
        int n = cJSON_GetArraySize(a);
        if (n != cJSON_GetArraySize(b)) return false;
        for (int i = 0; i < n; i++)
            if (!equal(cJSON_GetArrayItem(a, i), cJSON_GetArrayItem(b, i))) return false;
        return true;
    }
    if (cJSON_IsObject(a) && cJSON_IsObject(b)) {
        if (cJSON_GetArraySize(a) != cJSON_GetArraySize(b)) return false;
        for (const cJSON *m = a->child; m; m = m->next) {
            const cJSON *other = cJSON_GetObjectItemCaseSensitive(b, m->string);
            if (!other || !equal(m, other)) return false;
        }
        return true;
    }
    return (a->type & 0xFF) == (b->type & 0xFF) && (!cJSON_IsString(a) || strcmp(a->valuestring, b->valuestring) == 0);
}

static bool of_type(const cJSON *v, const char *type)
{
    if (strcmp(type, "null") == 0) return cJSON_IsNull(v);
    if (strcmp(type, "boolean") == 0) return cJSON_IsBool(v);
    if (strcmp(type, "string") == 0) return cJSON_IsString(v);
    if (strcmp(type, "array") == 0) return cJSON_IsArray(v);
    if (strcmp(type, "object") == 0) return cJSON_IsObject(v);
    if (strcmp(type, "number") == 0) return cJSON_IsRaw(v);
    return strcmp(type, "integer") == 0 && cJSON_IsRaw(v) && scaled(v->valuestring) % 1000000000 == 0;
}

static size_t length_of(const char *s)
{
    size_t n = 0, len = strlen(s);
    for (size_t at = 0; at < len; n++) {
        uint32_t cp;
        at += utf8_decode(s + at, len - at, &cp);
    }
    return n;
}

static bool valid(const cJSON *schema, const cJSON *v);

static bool valid_keyword(const cJSON *k, const cJSON *schema, const cJSON *v)
{
    const char *name = k->string;
    size_t n;
    if (strcmp(name, "type") == 0) {
        if (cJSON_IsString(k)) return of_type(v, k->valuestring);
        for (const cJSON *t = k->child; t; t = t->next)
            if (of_type(v, t->valuestring)) return true;
        return false;
    }
    if (strcmp(name, "const") == 0) return equal(k, v);
    if (strcmp(name, "enum") == 0 || strcmp(name, "anyOf") == 0) {
        for (const cJSON *t = k->child; t; t = t->next)
            if (*name == 'e' ? equal(t, v) : valid(t, v)) return true;
        return false;
    }
    if (cJSON_IsRaw(v)) {
        __int128 d = scaled(v->valuestring);
        if (strcmp(name, "minimum") == 0) return d >= number_at(schema, name);
        if (strcmp(name, "maximum") == 0) return d <= number_at(schema, name);
        if (strcmp(name, "exclusiveMinimum") == 0) return d > number_at(schema, name);
        if (strcmp(name, "exclusiveMaximum") == 0) return d < number_at(schema, name);
    }
    if (cJSON_IsString(v)) {
        n = length_of(v->valuestring);
        if (strcmp(name, "minLength") == 0) return n >= (size_t)atoi(json_digits(k));
        if (strcmp(name, "maxLength") == 0) return n <= (size_t)atoi(json_digits(k));
    }
    if (cJSON_IsArray(v)) {
        n = (size_t)cJSON_GetArraySize(v);
        if (strcmp(name, "minItems") == 0) return n >= (size_t)atoi(json_digits(k));
        if (strcmp(name, "maxItems") == 0) return n <= (size_t)atoi(json_digits(k));
        if (strcmp(name, "items") == 0)
            for (const cJSON *item = v->child; item; item = item->next)
                if (!valid(k, item)) return false;
    }
    if (cJSON_IsObject(v)) {
        if (strcmp(name, "required") == 0)
            for (const cJSON *r = k->child; r; r = r->next)
                if (!cJSON_GetObjectItemCaseSensitive(v, r->valuestring)) return false;
        const cJSON *listed = cJSON_GetObjectItemCaseSensitive(schema, "properties");
        for (const cJSON *m = v->child; m; m = m->next) {
            const cJSON *p = cJSON_GetObjectItemCaseSensitive(listed, m->string);
            if (strcmp(name, "properties") == 0 && p && !valid(p, m)) return false;
            if (strcmp(name, "additionalProperties") == 0 && cJSON_IsFalse(k) && !p) return false;
        }
    }
    return true;
}

static bool valid(const cJSON *schema, const cJSON *v)
{
    for (const cJSON *k = schema->child; k; k = k->next)
        if (!valid_keyword(k, schema, v)) return false;
    return true;
}

static cJSON *parse(const char *text, size_t n)
{
    cJSON *j = NULL;
    struct err e;
    ck_assert_msg(json_parse(text, n, JSON_NUMBERS_DIGITS, &j, &e) == RC_OK, "%s in %.*s", e.msg, (int)n, text);
    return j;
}

static void check_document(const char *schema, const char *text, size_t n)
{
    cJSON *s = parse(schema, strlen(schema)), *v = parse(text, n);
    ck_assert_msg(valid(s, v), "'%.*s' is not of %s", (int)n, text, schema);
    cJSON_Delete(s);
    cJSON_Delete(v);
}

/* ---- helpers --------------------------------------------------------------------------------------------------------- */

static struct constraint *open_schema(const char *schema)
{
    struct constraint *c = NULL;
    struct err e;
    ck_assert_msg(constraint_json_schema(schema, strlen(schema), NULL, &c, &e) == RC_OK, "%s: %s", e.msg, schema);
    return c;
}

static bool takes(const struct constraint *c, const char *text, size_t n)
{
    struct constraint_state s;
    constraint_start(c, &s);
    for (size_t i = 0; i < n; i++)
        if (!constraint_step(c, &s, (uint8_t)text[i])) return false;
    return constraint_accepts(c, &s);
}

static void expect(const char *schema, const char *text, bool yes)
{
    struct constraint *c = open_schema(schema);
    ck_assert_msg(takes(c, text, strlen(text)) == yes, "'%s' is %s by %s", text, yes ? "refused" : "accepted", schema);
    if (yes) check_document(schema, text, strlen(text));
    constraint_close(c);
}

static void refused(const char *schema, enum rc rc, const char *message)
{
    struct constraint *c = NULL;
    struct err e = {""};
    enum rc got = constraint_json_schema(schema, strlen(schema), NULL, &c, &e);
    ck_assert_msg(got == rc && !c, "%s: %d %s", schema, got, e.msg);
    ck_assert_msg(strstr(e.msg, message) != NULL, "'%s' in '%s'", message, e.msg);
}

/* ---- cases by hand ----------------------------------------------------------------------------------------------------- */

START_TEST(values)
{
    expect("{\"type\":\"string\"}", "\"\"", true);
    expect("{\"type\":\"string\"}", "\"a\\\"b\\\\ \\n \xC3\xA4 \xF0\x9F\x98\x80\"", true);
    expect("{\"type\":\"string\"}", "\"a", false);
    expect("{\"type\":\"string\"}", "\"\xED\xA0\x80\"", false); /* a surrogate */
    expect("{\"type\":\"string\"}", "\"\xC0\x80\"", false);     /* overlong */
    expect("{\"type\":\"string\"}", "\"\xF4\x90\x80\x80\"", false);
    expect("{\"type\":\"string\"}", "\"\xC3\"", false);
    expect("{\"type\":\"string\"}", "\"\n\"", false);
    expect("{\"type\":\"string\"}", "\"\\u0041\"", false); /* one form of each character */
    expect("{\"type\":\"string\"}", " \"a\"", false);
    expect("{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}", "\"\xC3\xA4\\n\"", true);
    expect("{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}", "\"a\"", false);
    expect("{\"type\":\"string\",\"minLength\":2,\"maxLength\":3}", "\"\xF0\x9F\x98\x80\xF0\x9F\x98\x80xy\"", false);
    expect("{\"type\":\"boolean\"}", "true", true);
    expect("{\"type\":\"boolean\"}", "tru", false);
    expect("{\"type\":\"null\"}", "null", true);
    expect("{\"type\":[\"null\",\"integer\"]}", "null", true);
    expect("{\"type\":[\"null\",\"integer\"]}", "-7", true);
    expect("{\"type\":[\"null\",\"integer\"]}", "7.5", false);
    expect("{\"enum\":[1,12,\"a\",null,{\"x\":[1]}]}", "12", true);
    expect("{\"enum\":[1,12,\"a\",null,{\"x\":[1]}]}", "1", true);
    expect("{\"enum\":[1,12,\"a\",null,{\"x\":[1]}]}", "{\"x\":[1]}", true);
    expect("{\"enum\":[1,12,\"a\",null]}", "2", false);
    expect("{\"const\":\"\xC3\xA4\\\"\"}", "\"\xC3\xA4\\\"\"", true);
    expect("{\"enum\":[\"low\",\"high\",3],\"type\":\"string\",\"maxLength\":3}", "\"low\"", true);
    expect("{\"enum\":[\"low\",\"high\",3],\"type\":\"string\",\"maxLength\":3}", "\"high\"", false);
}
END_TEST

START_TEST(numbers)
{
    static const struct {
        const char *schema, *yes[12], *no[12];
    } cases[] = {
        {"{\"type\":\"integer\"}", {"0", "-1", "10", "123456789"}, {"-0", "01", "1.0", "1e2", "", "-", "+1"}},
        {"{\"type\":\"number\"}", {"0", "0.5", "-0.25", "10.0"}, {"-0", ".5", "1.", "00", "-0.0"}},
        {"{\"type\":\"integer\",\"minimum\":5,\"maximum\":123}", {"5", "9", "10", "99", "100", "123"}, {"4", "124", "130", "200", "-5", "1234"}},
        {"{\"type\":\"integer\",\"minimum\":-12,\"exclusiveMaximum\":3}", {"-12", "-9", "-1", "0", "2"}, {"-13", "-20", "3", "-100", "12"}},
        {"{\"type\":\"integer\",\"exclusiveMinimum\":-1,\"maximum\":0}", {"0"}, {"-1", "1"}},
        {"{\"type\":\"integer\",\"minimum\":1.5,\"maximum\":2.5}", {"2"}, {"1", "3"}},
        {"{\"type\":\"number\",\"minimum\":0.1,\"maximum\":0.3}", {"0.1", "0.10", "0.2", "0.299", "0.3", "0.300"}, {"0", "0.0", "0.09", "0.301", "0.31", "1"}},
        {"{\"type\":\"number\",\"exclusiveMinimum\":0.1,\"exclusiveMaximum\":0.2}", {"0.11", "0.1000001"}, {"0.1", "0.100", "0.2", "0.20"}},
        {"{\"type\":\"number\",\"minimum\":-1.5,\"maximum\":-0.5}", {"-1.5", "-0.5", "-1", "-0.50"}, {"-1.51", "-0.49", "0", "1", "-2"}},
        {"{\"type\":\"number\",\"minimum\":99999.5}", {"99999.5", "100000", "99999.99"}, {"99999", "99999.4", "9", "-100000"}},
        {"{\"type\":\"number\",\"maximum\":1e3,\"minimum\":-25e-1}", {"1000", "1000.00", "-2.5", "7"}, {"1000.01", "1001", "-2.6"}},
        {"{\"type\":\"integer\",\"minimum\":7,\"exclusiveMinimum\":7,\"maximum\":8}", {"8"}, {"7"}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct constraint *c = open_schema(cases[i].schema);
        for (const char *const *t = cases[i].yes; *t; t++)
            ck_assert_msg(takes(c, *t, strlen(*t)) == (strcmp(*t, "0.1000001") != 0), "%s by %s", *t, cases[i].schema);
        for (const char *const *t = cases[i].no; *t; t++)
            ck_assert_msg(!takes(c, *t, strlen(*t)), "not %s by %s", *t, cases[i].schema);
        constraint_close(c);
    }
    expect("{\"type\":\"integer\",\"minimum\":12345678901234567890}", "12345678901234567890", true);
    expect("{\"type\":\"integer\",\"maximum\":99999999999999999999,\"minimum\":99999999999999999998}", "99999999999999999999", true);
    expect("{\"type\":\"integer\",\"maximum\":99999999999999999999,\"minimum\":99999999999999999998}", "99999999999999999997", false);
}
END_TEST

/* Every number from -300 to 300 in steps of a quarter, against limits drawn at random. */
START_TEST(numbers_at_random)
{
    uint64_t seed = suite_seed("numbers_at_random");
    for (unsigned long round = 0; round < suite_count(200, 4000); round++) {
        static const char *const lower[] = {"minimum", "exclusiveMinimum"}, *const upper[] = {"maximum", "exclusiveMaximum"};
        char schema[200];
        int low = (int)(suite_random(&seed) % 1000) - 500, high = low + 1 + (int)(suite_random(&seed) % 500);
        bool integer = suite_random(&seed) % 2, under = suite_random(&seed) % 4, over = suite_random(&seed) % 4;
        size_t n = (size_t)snprintf(schema, sizeof(schema), "{\"type\":\"%s\"", integer ? "integer" : "number");
        if (under)
            n += (size_t)snprintf(schema + n, sizeof(schema) - n, ",\"%s\":%.2f", lower[suite_random(&seed) % 2], low / 4.0);
        if (over)
            n += (size_t)snprintf(schema + n, sizeof(schema) - n, ",\"%s\":%.2f", upper[suite_random(&seed) % 2], high / 4.0);
        snprintf(schema + n, sizeof(schema) - n, "}");
        cJSON *s = parse(schema, strlen(schema));
        struct constraint *c = NULL;
        struct err e;
        if (constraint_json_schema(schema, strlen(schema), NULL, &c, &e) != RC_OK) {
            ck_assert_msg(integer && strstr(e.msg, "no integer"), "%s", e.msg);
            for (int v = -700; v <= 700; v += 4) {
                char text[32];
                snprintf(text, sizeof(text), "%d", v / 4);
                cJSON *j = parse(text, strlen(text));
                ck_assert_msg(!valid(s, j), "%s fits %s", text, schema);
                cJSON_Delete(j);
            }
            cJSON_Delete(s);
            continue;
        }
        for (int v = -1200; v <= 1200; v++) {
            char text[32];
            snprintf(text, sizeof(text), "%s%d", v < 0 ? "-" : "", abs(v) / 4);
            if (abs(v) % 4) strcat(text, abs(v) % 4 == 1 ? ".25" : abs(v) % 4 == 2 ? ".5" : ".75");
            cJSON *j = parse(text, strlen(text));
            ck_assert_msg(takes(c, text, strlen(text)) == valid(s, j), "%s by %s", text, schema);
            cJSON_Delete(j);
        }
        constraint_close(c);
        cJSON_Delete(s);
    }
}
END_TEST

START_TEST(objects_and_arrays)
{
    const char *o = "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\"},\"ab\":{\"type\":\"null\"},\"c\":{\"type\":\"boolean\"}},"
                    "\"required\":[\"c\"],\"additionalProperties\":false}";
    expect(o, "{\"c\":true}", true);
    expect(o, "{\"a\":1,\"c\":true}", true);
    expect(o, "{\"ab\":null,\"c\":false}", true);
    expect(o, "{\"a\":12,\"ab\":null,\"c\":false}", true);
    expect(o, "{}", false);
    expect(o, "{\"a\":1}", false);
    expect(o, "{\"a\":1,}", false);
    expect(o, "{\"c\":true,\"a\":1}", false); /* in the schema's order */
    expect(o, "{\"a\":1,\"a\":1,\"c\":true}", false);
    expect(o, "{\"b\":1,\"c\":true}", false);
    expect("{\"type\":\"object\"}", "{}", true);
    expect("{\"type\":\"object\",\"properties\":{\"q\\\"\":{\"const\":1}},\"required\":[\"q\\\"\"]}", "{\"q\\\"\":1}", true);
    const char *a = "{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"integer\"},\"maxItems\":2},\"minItems\":2,\"maxItems\":3}";
    expect(a, "[[1,2],[]]", true);
    expect(a, "[[1,2],[],[3]]", true);
    expect(a, "[[1]]", false);
    expect(a, "[[1,2,3],[]]", false);
    expect(a, "[[],[],[],[]]", false);
    expect(a, "[[1],[1],", false);
    expect("{\"type\":\"array\",\"items\":{\"type\":\"null\"}}", "[]", true);
    expect("{\"type\":\"array\"}", "[]", true);
    expect("{\"type\":\"array\",\"items\":{\"type\":\"null\"},\"minItems\":3}", "[null,null,null,null]", true);
}
END_TEST

START_TEST(any_of)
{
    const char *by_kind = "{\"anyOf\":[{\"type\":\"object\",\"properties\":{\"kind\":{\"const\":\"call\"},\"minutes\":{\"type\":\"integer\"}},"
                          "\"required\":[\"kind\",\"minutes\"]},{\"type\":\"object\",\"properties\":{\"kind\":{\"const\":\"mail\"},"
                          "\"to\":{\"type\":\"string\"}},\"required\":[\"kind\",\"to\"]},{\"type\":\"null\"}]}";
    expect(by_kind, "{\"kind\":\"call\",\"minutes\":3}", true);
    expect(by_kind, "{\"kind\":\"mail\",\"to\":\"x\"}", true);
    expect(by_kind, "null", true);
    expect(by_kind, "{\"kind\":\"call\",\"to\":\"x\"}", false);
    const char *beside = "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"integer\",\"minimum\":3},\"b\":{\"type\":\"integer\"}},"
                         "\"anyOf\":[{\"required\":[\"a\"]},{\"required\":[\"b\"],\"properties\":{\"a\":{\"maximum\":5}}}]}";
    expect(beside, "{\"a\":9}", true);
    expect(beside, "{\"b\":1}", true);
    expect(beside, "{\"a\":4,\"b\":1}", true);
    expect(beside, "{}", false);
    expect(beside, "{\"a\":2}", false);
    expect("{\"anyOf\":[{\"type\":\"string\",\"maxLength\":2},{\"type\":\"string\",\"minLength\":4}]}", "\"abcd\"", true);
    expect("{\"anyOf\":[{\"type\":\"string\",\"maxLength\":2},{\"type\":\"string\",\"minLength\":4}]}", "\"abc\"", false);
    expect("{\"anyOf\":[{\"enum\":[1,2]},{\"enum\":[2,3]}],\"minimum\":2}", "3", true);
    expect("{\"anyOf\":[{\"enum\":[1,2]},{\"enum\":[2,3]}],\"minimum\":2}", "1", false);
    expect("{\"anyOf\":[{\"anyOf\":[{\"const\":1},{\"const\":2}]},{\"type\":\"boolean\"}]}", "true", true);
}
END_TEST

START_TEST(errors_name_their_place)
{
    refused("{\"type\":\"string\",\"pattern\":\"a\"}", RC_BAD, "#: the keyword 'pattern' is not supported");
    refused("{\"type\":\"object\",\"properties\":{\"risk\":{\"type\":\"string\",\"format\":\"date\"}}}", RC_BAD, "#/properties/risk: the keyword 'format'");
    refused("{\"type\":\"integer\",\"multipleOf\":5}", RC_BAD, "multipleOf");
    refused("{\"anyOf\":[{\"type\":\"null\"},{\"oneOf\":[]}]}", RC_BAD, "#/anyOf/1: the keyword 'oneOf'");
    refused("{\"items\":{\"$ref\":\"#\"}}", RC_BAD, "#/items: the keyword '$ref'");
    refused("{\"type\":\"object\",\"required\":[\"x\"],\"properties\":{\"y\":{\"type\":\"null\"}}}", RC_BAD, "required 'x' is not in properties");
    refused("{\"type\":[\"null\",\"object\"],\"required\":[\"x\"],\"properties\":{}}", RC_BAD, "required 'x'");
    refused("{\"type\":\"string\",\"minLength\":4,\"maxLength\":3}", RC_BAD, "minLength is over maxLength");
    refused("{\"type\":\"array\",\"minItems\":4,\"maxItems\":3}", RC_BAD, "minItems is over maxItems");
    refused("{\"type\":\"array\",\"minItems\":1}", RC_BAD, "minItems without items");
    refused("{\"type\":\"number\",\"minimum\":2,\"maximum\":1}", RC_BAD, "no number lies between");
    refused("{\"type\":\"number\",\"minimum\":2,\"exclusiveMaximum\":2.0}", RC_BAD, "no number lies between");
    refused("{\"type\":\"integer\",\"minimum\":1.2,\"maximum\":1.8}", RC_BAD, "no integer lies within the limits");
    refused("{\"type\":\"integer\",\"exclusiveMinimum\":1,\"exclusiveMaximum\":2}", RC_BAD, "no integer");
    refused("{\"enum\":[]}", RC_BAD, "enum is a list of at least one value");
    refused("{\"enum\":[1,2],\"const\":3}", RC_BAD, "const is not in enum");
    refused("{\"enum\":[1,2],\"type\":\"string\"}", RC_BAD, "no value of enum");
    refused("{\"anyOf\":[]}", RC_BAD, "anyOf");
    refused("{\"type\":\"string\",\"anyOf\":[{\"type\":\"null\"}]}", RC_BAD, "no alternative of anyOf");
    refused("{\"type\":\"text\"}", RC_BAD, "type is one of");
    refused("{\"type\":[]}", RC_BAD, "list of types is empty");
    refused("{\"type\":\"string\",\"minLength\":-1}", RC_BAD, "minLength is a whole number");
    refused("{\"type\":\"string\",\"minLength\":2000000}", RC_LIMIT, "minLength is over");
    refused("{\"type\":\"object\",\"additionalProperties\":{}}", RC_BAD, "additionalProperties is true or false");
    refused("{\"properties\":{\"a\":true}}", RC_BAD, "#/properties/a: a schema is an object");
    refused("{\"type\":\"string\"", RC_BAD, "schema: offset");
    refused("{\"type\":\"string\",\"type\":\"null\"}", RC_BAD, "one key twice");
    refused("[]", RC_BAD, "a schema is an object");
    struct buf b;
    buf_init(&b, 1 << 16);
    for (int i = 0; i < 40; i++) buf_str(&b, "{\"items\":");
    buf_str(&b, "{\"type\":\"null\"}");
    for (int i = 0; i < 40; i++) buf_char(&b, '}');
    refused(b.data, RC_LIMIT, "nested deeper");
    buf_reset(&b);
    buf_str(&b, "{\"anyOf\":[");
    for (int i = 0; i < 20; i++) buf_printf(&b, "%s{\"type\":\"string\",\"minLength\":%d}", i ? "," : "", i);
    buf_str(&b, "]}");
    refused(b.data, RC_LIMIT, "may begin alike");
    buf_clear(&b);
}
END_TEST

/* ---- random schemas ------------------------------------------------------------------------------------------------------ */

static size_t below(uint64_t *seed, size_t n)
{
    return (size_t)(suite_random(seed) % n);
}

static void random_schema(struct buf *b, uint64_t *seed, int depth);

static void random_string(struct buf *b, uint64_t *seed)
{
    size_t low = below(seed, 4), high = low + below(seed, 6);
    buf_str(b, "\"type\":\"string\"");
    if (below(seed, 2)) buf_printf(b, ",\"minLength\":%zu", low);
    if (below(seed, 2)) buf_printf(b, ",\"maxLength\":%zu", high);
}

static void random_number(struct buf *b, uint64_t *seed)
{
    bool integer = below(seed, 2);
    long low = (long)below(seed, 2000) - 1000, high = low + 300 + (long)below(seed, 5000);
    buf_printf(b, "\"type\":\"%s\"", integer ? "integer" : "number");
    if (below(seed, 2)) buf_printf(b, ",\"%s\":%ld.%02zu", below(seed, 2) ? "minimum" : "exclusiveMinimum", low / 10, below(seed, 100));
    if (below(seed, 2)) buf_printf(b, ",\"%s\":%ld.%zu", below(seed, 2) ? "maximum" : "exclusiveMaximum", high / 10, below(seed, 10));
}

static void random_enum(struct buf *b, uint64_t *seed)
{
    static const char *const pool[] = {"1", "12", "-3.5", "null", "true", "\"\"", "\"low\"", "\"lower\"", "\"h\\u00e4\\n\"", "{\"k\":[1,\"x\"]}", "[]"};
    size_t n = 1 + below(seed, 4);
    buf_str(b, "\"enum\":[");
    for (size_t i = 0; i < n; i++) buf_printf(b, "%s%s", i ? "," : "", pool[below(seed, sizeof(pool) / sizeof(pool[0]))]);
    buf_char(b, ']');
}

static void random_object(struct buf *b, uint64_t *seed, int depth)
{
    static const char *const names[] = {"a", "ab", "abc", "b", "risk", "r\\u00e9", "q\\\""};
    bool required[7];
    size_t n = 1 + below(seed, 6), written = 0;
    buf_str(b, "\"type\":\"object\",\"properties\":{");
    for (size_t i = 0; i < n; i++) {
        buf_printf(b, "%s\"%s\":", i ? "," : "", names[i]);
        random_schema(b, seed, depth + 1);
        required[i] = below(seed, 2);
    }
    buf_str(b, "},\"required\":[");
    for (size_t i = n; i-- > 0;)
        if (required[i]) buf_printf(b, "%s\"%s\"", written++ ? "," : "", names[i]);
    buf_str(b, below(seed, 2) ? "],\"additionalProperties\":false" : "]");
}

static void random_schema(struct buf *b, uint64_t *seed, int depth)
{
    static const char *const lists[] = {"[\"string\",\"null\"]", "[\"integer\",\"boolean\"]", "[\"number\",\"string\",\"null\"]"};
    size_t kind = below(seed, depth < 3 ? 10 : 6);
    buf_char(b, '{');
    if (below(seed, 8) == 0) buf_str(b, "\"description\":\"x\",");
    switch (kind) {
    case 0:
    case 1: random_string(b, seed); break;
    case 2: random_number(b, seed); break;
    case 3: random_enum(b, seed); break;
    case 4: buf_printf(b, "\"type\":%s", lists[below(seed, 3)]); break;
    case 5: buf_str(b, below(seed, 2) ? "\"type\":\"boolean\"" : "\"const\":\"x\""); break;
    case 6:
    case 7: random_object(b, seed, depth); break;
    case 8:
        buf_printf(b, "\"type\":\"array\",\"minItems\":%zu,\"maxItems\":%zu,\"items\":", below(seed, 3), 2 + below(seed, 3));
        random_schema(b, seed, depth + 1);
        break;
    default:
        buf_str(b, "\"anyOf\":[");
        for (size_t i = 0, n = 1 + below(seed, 3); i < n; i++) {
            buf_str(b, i ? "," : "");
            random_schema(b, seed, depth + 1);
        }
        buf_char(b, ']');
    }
    buf_char(b, '}');
}

/* ---- random walks over tokens ---------------------------------------------------------------------------------------------- */

static struct tokenizer *open_tiny(void)
{
    const char *source = getenv("BRIEFD_TEST_SOURCE");
    char path[4096];
    struct gguf *g = NULL;
    struct tokenizer *t = NULL;
    struct err e;
    snprintf(path, sizeof(path), "%s/tests/data/gguf/granitemoe.gguf", source ? source : ".");
    ck_assert_msg(gguf_open(path, &g, &e) == RC_OK, "%s", e.msg);
    ck_assert_msg(tokenizer_open(g, &t, &e) == RC_OK, "%s", e.msg);
    gguf_close(g);
    return t;
}

/* Adversarial: whatever stays open longest is liked best. */
static int32_t pick(const struct constraint *c, const struct tokenizer *t, const struct constraint_state *state, const uint8_t *allowed,
                    bool adversarial, uint64_t *seed)
{
    int32_t best = -1;
    size_t most = 0, n = 0;
    for (size_t i = 0; i < tokenizer_size(t); i++) {
        if (!allowed[i]) continue;
        if (!adversarial) {
            if (below(seed, ++n) == 0) best = (int32_t)i;
            continue;
        }
        struct constraint_state s = *state;
        if (!constraint_advance(c, t, &s, (int32_t)i, SIZE_MAX)) continue;
        size_t least = tokenizer_is_end(t, (int32_t)i) ? 0 : 1 + constraint_least(c, &s);
        if (best < 0 || least > most || (least == most && below(seed, 4) == 0)) {
            best = (int32_t)i;
            most = least;
        }
    }
    return best;
}

/* A document of at most `limit` tokens. */
static void walk_tokens(const char *schema, const struct constraint *c, const struct tokenizer *t, size_t limit, bool adversarial,
                        uint64_t *seed, uint8_t *allowed)
{
    struct constraint_state s;
    struct buf text;
    buf_init(&text, 1 << 20);
    constraint_start(c, &s);
    for (size_t n = 0; n < limit; n++) {
        constraint_mask(c, t, &s, limit - n - 1, allowed);
        int32_t id = pick(c, t, &s, allowed, adversarial, seed);
        size_t len;
        if (id < 0 && constraint_accepts(c, &s)) break;
        ck_assert_msg(id >= 0, "nothing may follow '%s' with %zu tokens left by %s", text.data, limit - n - 1, schema);
        ck_assert(constraint_advance(c, t, &s, id, limit - n - 1));
        if (tokenizer_is_end(t, id)) break;
        const char *bytes = tokenizer_bytes(t, id, &len);
        buf_add(&text, bytes, len);
    }
    ck_assert_msg(constraint_accepts(c, &s), "'%s' is not closed after %zu tokens by %s", text.data, limit, schema);
    check_document(schema, text.data, text.len);
    buf_clear(&text);
}

START_TEST(every_output_is_valid)
{
    uint64_t seed = suite_seed("every_output_is_valid");
    struct tokenizer *t = open_tiny();
    uint8_t *allowed = malloc(tokenizer_size(t));
    unsigned long n = suite_count(100, 1000), made = 0;
    ck_assert_ptr_nonnull(allowed);
    for (unsigned long i = 0; made < n; i++) {
        struct constraint *c = NULL;
        struct constraint_state start;
        struct buf schema;
        struct err e;
        ck_assert_uint_lt(i, 4 * n + 100);
        buf_init(&schema, 1 << 20);
        random_schema(&schema, &seed, 0);
        if (constraint_json_schema(schema.data, schema.len, NULL, &c, &e) != RC_OK) { /* too many alternatives that begin alike */
            ck_assert_msg(strstr(e.msg, "begin alike"), "%s: %s", e.msg, schema.data);
            buf_clear(&schema);
            continue;
        }
        made++;
        constraint_start(c, &start);
        size_t least = constraint_least(c, &start);
        ck_assert_int_eq(constraint_check(c, t, least, &e), RC_OK);
        ck_assert_int_eq(constraint_check(c, t, least - 1, &e), RC_LIMIT);
        for (size_t k = 0; k < 30; k++) /* every length from the shortest on */
            walk_tokens(schema.data, c, t, least + k, k % 2, &seed, allowed);
        walk_tokens(schema.data, c, t, least + 200, false, &seed, allowed);
        walk_tokens(schema.data, c, t, least + 200, true, &seed, allowed);
        constraint_close(c);
        buf_clear(&schema);
    }
    free(allowed);
    tokenizer_close(t);
}
END_TEST

/* The bound on the rest is kept byte by byte, and a document that takes the shortest way has no more than it says. */
START_TEST(shortest_way)
{
    uint64_t seed = suite_seed("shortest_way");
    for (unsigned long i = 0; i < suite_count(100, 3000); i++) {
        struct constraint *c = NULL;
        struct constraint_state s;
        struct buf schema;
        struct err e;
        char text[MAX_DOCUMENT];
        size_t n = 0, wander = below(&seed, 60);
        buf_init(&schema, 1 << 20);
        random_schema(&schema, &seed, 0);
        if (constraint_json_schema(schema.data, schema.len, NULL, &c, &e) == RC_OK) {
            constraint_start(c, &s);
            while (constraint_least(c, &s) > 0 || n < wander) {
                size_t least = constraint_least(c, &s), n_ways = 0;
                struct constraint_state next, chosen = s;
                bool shorter = least == 0;
                ck_assert_uint_le(least, c->worst);
                for (unsigned b = 0; b < 256; b++) {
                    next = s;
                    if (!constraint_step(c, &next, (uint8_t)b)) continue;
                    bool short_one = constraint_least(c, &next) < least;
                    if (n >= wander ? short_one && !shorter : below(&seed, ++n_ways) == 0) {
                        chosen = next;
                        text[n] = (char)b;
                    }
                    shorter = shorter || short_one;
                }
                if (n_ways == 0 && n < wander) break;
                ck_assert_msg(shorter, "no way from '%.*s' by %s is shorter than %zu", (int)n, text, schema.data, least);
                s = chosen;
                n++;
            }
            ck_assert(constraint_accepts(c, &s));
            check_document(schema.data, text, n);
            constraint_close(c);
        }
        buf_clear(&schema);
    }
}
END_TEST

/* ---- with a fact lock ------------------------------------------------------------------------------------------------------ */

static const char *const slots[] = {"[PERSON_1]", "[PERSON_1:first]", "[DATE_2]"}, *const words[] = {"Anna", "Budget"};
static const char *const literals[] = {"net 30", "24/7"};
static const struct fact_lock lock = {slots, 3, words, 2, literals, 2, 0, true};

START_TEST(strings_keep_the_fact_lock)
{
    static const char schema[] = "{\"type\":\"object\",\"properties\":{\"note\":{\"type\":\"string\",\"maxLength\":40},"
                                 "\"kind\":{\"enum\":[\"Q3\",\"B-7\"]},\"score\":{\"type\":\"integer\"}},\"required\":[\"note\"]}";
    static const struct {
        const char *text;
        bool yes;
    } cases[] = {
        {"{\"note\":\"Call [PERSON_1] on [DATE_2].\"}", true},
        {"{\"note\":\"Call [PERSON_2].\"}", false},
        {"{\"note\":\"Call [PERSON_1\"}", false},
        {"{\"note\":\"Pay 12 now\"}", false},
        {"{\"note\":\"Pay net 30, at 24\\/7\"}", true},
        {"{\"note\":\"He said \\\"yes\\\" to Anna\"}", true},
        {"{\"note\":\"He told Bob\"}", false},
        {"{\"note\":\"One\\nTwo\"}", true},
        {"{\"note\":\"tab\\t\"}", false},
        {"{\"note\":\"x\",\"kind\":\"Q3\",\"score\":17}", true}, /* values of the schema are its own */
    };
    struct constraint *c = NULL;
    struct err e;
    ck_assert_msg(constraint_json_schema(schema, sizeof(schema) - 1, &lock, &c, &e) == RC_OK, "%s", e.msg);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        ck_assert_msg(takes(c, cases[i].text, strlen(cases[i].text)) == cases[i].yes, "%s", cases[i].text);
    constraint_close(c);
    struct fact_lock sentences = lock;
    sentences.max_sentences = 3;
    ck_assert(constraint_json_schema(schema, sizeof(schema) - 1, &sentences, &c, &e) == RC_BAD);
}
END_TEST

/* Random walks: valid JSON, every string taken by the lock alone, closed in time however short the strings are. */
START_TEST(lock_and_limits_together)
{
    uint64_t seed = suite_seed("lock_and_limits_together");
    struct tokenizer *t = open_tiny();
    uint8_t *allowed = malloc(tokenizer_size(t));
    struct constraint *alone = NULL;
    struct err e;
    ck_assert_ptr_nonnull(allowed);
    ck_assert(constraint_fact_lock(&lock, &alone, &e) == RC_OK);
    for (unsigned long i = 0; i < suite_count(60, 2000); i++) {
        struct constraint *c = NULL;
        struct constraint_state start, s;
        struct buf text;
        char schema[300];
        size_t low = below(&seed, 12), high = low + below(&seed, 20);
        snprintf(schema, sizeof(schema), "{\"type\":\"array\",\"minItems\":2,\"maxItems\":3,\"items\":{\"type\":\"string\",\"minLength\":%zu,\"maxLength\":%zu}}", low, high);
        ck_assert_msg(constraint_json_schema(schema, strlen(schema), &lock, &c, &e) == RC_OK, "%s", e.msg);
        buf_init(&text, 1 << 16);
        constraint_start(c, &start);
        s = start;
        size_t limit = constraint_least(c, &start) + below(&seed, 40);
        for (size_t n = 0; n < limit; n++) {
            constraint_mask(c, t, &s, limit - n - 1, allowed);
            for (size_t k = 0; k < tokenizer_size(t); k++) { /* brackets are liked: slots are the hard part */
                size_t len;
                const char *bytes = tokenizer_bytes(t, (int32_t)k, &len);
                if (allowed[k] && len && memchr(bytes, '[', len)) allowed[k] = 2;
            }
            int32_t id = -1;
            size_t n_two = 0, n_one = 0;
            for (size_t k = 0; k < tokenizer_size(t); k++) {
                if (allowed[k] == 2 && below(&seed, ++n_two) == 0 && below(&seed, 3)) id = (int32_t)k;
                if (allowed[k] == 1 && n_two == 0 && below(&seed, ++n_one) == 0) id = (int32_t)k;
            }
            if (id < 0)
                for (size_t k = 0; k < tokenizer_size(t); k++)
                    if (allowed[k]) id = (int32_t)k;
            ck_assert_msg(id >= 0, "nothing may follow '%s' by %s", text.data, schema);
            ck_assert(constraint_advance(c, t, &s, id, limit - n - 1));
            if (tokenizer_is_end(t, id)) break;
            size_t len;
            const char *bytes = tokenizer_bytes(t, id, &len);
            buf_add(&text, bytes, len);
        }
        ck_assert_msg(constraint_accepts(c, &s), "'%s' by %s", text.data, schema);
        check_document(schema, text.data, text.len);
        cJSON *j = parse(text.data, text.len);
        for (const cJSON *item = j->child; item; item = item->next)
            ck_assert_msg(takes(alone, item->valuestring, strlen(item->valuestring)), "'%s'", item->valuestring);
        cJSON_Delete(j);
        buf_clear(&text);
        constraint_close(c);
    }
    constraint_close(alone);
    free(allowed);
    tokenizer_close(t);
}
END_TEST

/* ---- asking instead of masking ---------------------------------------------------------------------------------------------- */

struct asked {
    const uint8_t *allowed;
    size_t n;
};

static bool may(void *ctx, int32_t id)
{
    struct asked *a = ctx;
    a->n++;
    return a->allowed[id];
}

START_TEST(asking_gives_what_masking_gives)
{
    enum { N = 3000 };
    uint64_t seed = suite_seed("asking_gives_what_masking_gives");
    static float logits[N];
    static uint8_t allowed[N];
    struct sampler *s = NULL;
    struct err e;
    size_t decided = 0;
    ck_assert(sampler_open(N, &s, &e) == RC_OK);
    for (unsigned long round = 0; round < suite_count(3000, 100000); round++) {
        float sharp = (float)below(&seed, 12);
        size_t share = 1 + below(&seed, 12), fewer = below(&seed, 5) ? N : 1 + below(&seed, 300);
        for (size_t i = 0; i < N; i++) {
            logits[i] = i < fewer ? sharp * (float)(below(&seed, 2001)) / 1000.0F : -INFINITY;
            if (below(&seed, 4) == 0) logits[i] = roundf(logits[i]); /* ties */
            allowed[i] = below(&seed, share) == 0;
        }
        struct sampling p = {.temperature = below(&seed, 4) ? 0.7F : 0, .top_k = below(&seed, 2) ? (uint32_t)below(&seed, 60) : 0,
                             .top_p = below(&seed, 2) ? 0.9F : 1, .min_p = below(&seed, 3) ? 0 : 0.2F, .seed = round};
        struct asked a = {allowed, 0};
        int32_t lazy, whole = sampler_pick(s, logits, allowed, N, &p, 7);
        if (!sampler_pick_asking(s, logits, N, may, &a, &p, 7, &lazy)) continue;
        decided++;
        ck_assert_uint_le(a.n, 256);
        ck_assert_msg(lazy == whole, "round %lu: %d, not %d", round, lazy, whole);
    }
    ck_assert_uint_gt(decided, 100);
    sampler_close(s);
}
END_TEST

SUITE_MAIN("json_schema", values, numbers, numbers_at_random, objects_and_arrays, any_of, errors_name_their_place,
           every_output_is_valid, shortest_way, strings_keep_the_fact_lock, lock_and_limits_together,
           asking_gives_what_masking_gives)
