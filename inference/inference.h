/* inference.h: text in, text out, on this machine's processor.
 *
 * A model is a GGUF file: read, checked, its weights prepared for the instruction set. An engine owns a model,
 * its KV cache and one thread that runs it; any thread may submit requests, the engine batches what is waiting.
 * Requests that begin with the same tokens share that part of the cache, also with those that are finished, and
 * text that repeats is guessed and judged several tokens a step; what is written depends on neither.
 * A prompt is a list of segments, never one string: special tokens are parsed in template segments only, so text
 * from a CRM can never become a control token. Output can be held to a constraint, a byte automaton.
 *
 * Threads: a model is read-only after model_open() and shared freely. engine_* may be called from any thread;
 * callbacks come from the engine's thread and must return quickly. Others are for one thread a handle.
 * Errors: RC_BAD names file, field and offset; RC_LIMIT a stated bound (prompt over context, out of KV memory);
 * RC_RETRY the deadline passed or the request was cancelled; RC_NOMEM. */
#ifndef INFERENCE_INFERENCE_H
#define INFERENCE_INFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "../base/buf.h"
#include "../base/err.h"

/* ---- model ---------------------------------------------------------------------------------------------------- */

enum cpu_path { CPU_AUTO, CPU_SCALAR, CPU_AVX2, CPU_AVX512 }; /* kernels to use; BRIEFD_CPU in the environment and
                                                                  the setting model.cpu force one */
struct model_options {
    enum cpu_path cpu;
    int activation_bits; /* 8 or 16: integers that quantised weights are multiplied with; 0: 16 in models of a width up
                            to 512, where they cost little and choices between experts weigh more */
    bool want_hash;    /* also compute the SHA-256 of the whole file, or of a split model's parts in order */
    bool vocab_only;   /* tokenizer only: a file without tensors is fine */
    const char *chat_template; /* instead of the file's: a family's name or a template text; NULL: the file's */
};
struct model;

/* Open and check `path`; of a split model (NAME-00001-of-0000N.gguf), any part opens all. RC_BAD one line naming file, field and offset; RC_LIMIT; RC_NOMEM. Close with model_close(). */
MUST_USE enum rc model_open(const char *path, const struct model_options *opt, struct model **out, struct err *e);
void model_close(struct model *m);

struct model_info { /* borrowed from the model */
    const char *path, *architecture, *name, *licence, *weight_type; /* licence: SPDX id or "" */
    uint64_t file_bytes, n_params, n_active_params; /* file_bytes: of all files together */
    uint32_t n_files; /* more than 1: a split model */
    uint32_t n_layers, n_embd, n_heads, n_heads_kv, n_ff, n_experts, n_experts_used, n_vocab, n_context;
    const char *sha256;   /* hex, or "" unless want_hash */
    const char *cpu;      /* kernels in use: "scalar", "avx2", "avx512" */
    const char *chat_template; /* family: "chatml", ...; or "" */
};
void model_info(const struct model *m, struct model_info *out);
/* Full check of the values of every tensor, scales of blocks included: NaN and infinite weights. Reads the file
 * again. RC_BAD names the tensor and where in it; RC_NOMEM. */
MUST_USE enum rc model_check(const struct model *m, struct err *e);

/* ---- text and tokens ------------------------------------------------------------------------------------------ */

enum segment_kind {
    SEGMENT_TEMPLATE, /* ours: special tokens are parsed */
    SEGMENT_SLOT,     /* a slot such as [PERSON_1]: plain text */
    SEGMENT_DATA      /* from a record: plain text, whatever it looks like */
};
struct segment {
    enum segment_kind kind;
    const char *bytes;
    size_t n;
};

/* How special tokens are parsed in template segments. */
enum token_parse {
    TOKENS_LITERAL,      /* none, not even user-defined ones: record text */
    TOKENS_USER_DEFINED, /* user-defined yes, control no: `briefctl tokenize` */
    TOKENS_SPECIAL       /* both: our own templates */
};

/* Token ids of one text. *ids is the caller's (free). RC_LIMIT over 2^31 tokens, RC_NOMEM. */
MUST_USE enum rc model_tokenize(const struct model *m, const char *bytes, size_t n, enum token_parse parse,
                                int32_t **ids, size_t *n_ids, struct err *e);
/* Token ids of a prompt; stretches between special tokens are joined before pre-tokenising, so segment borders do
 * not change the ids. add_bos: as the file says. */
MUST_USE enum rc model_tokenize_segments(const struct model *m, const struct segment *segments, size_t n, bool add_bos,
                                         int32_t **ids, size_t *n_ids, struct err *e);
/* Bytes of one token appended to out (nothing for control tokens). May end inside a UTF-8 sequence. */
void model_token_bytes(const struct model *m, int32_t id, struct buf *out);
bool model_is_end(const struct model *m, int32_t id); /* an end-of-generation token */
int32_t model_end(const struct model *m); /* the one that an answer is taught to end with: the end of a turn, else of a text; -1: none */

/* ---- conversations -------------------------------------------------------------------------------------------- */

enum chat_role { CHAT_SYSTEM, CHAT_USER, CHAT_ASSISTANT };
struct chat_message {
    enum chat_role role;
    const struct segment *segments; size_t n_segments;
};
struct chat_options { /* all zero: nothing special */
    bool no_thinking;     /* answer without reasoning: what Qwen3's switch writes; of others that reason, an empty block
                             of it, or (gpt-oss) the channel of the answer */
    const char *effort;   /* gpt-oss: "low", "medium" (also for NULL) or "high" */
    const char *identity; /* gpt-oss: instead of "You are ChatGPT, ..." */
    const char *date;     /* YYYY-MM-DD, for templates that tell the model; NULL: they leave it out */
};
/* Write a conversation in the model's chat template, up to where its answer begins. Segments of messages keep their
 * kinds; reasoning in earlier answers is cut where the template does that. *out (free with segments_free) borrows the
 * bytes of the inputs. RC_BAD an unknown template: names the setting that overrides it; a bad date or effort. RC_NOMEM. */
MUST_USE enum rc model_chat_messages(const struct model *m, const struct chat_message *messages, size_t n,
                                     const struct chat_options *opt, struct segment **out, size_t *n_out, struct err *e);
/* The same for one system part (n_system 0: none) and one user part. */
MUST_USE enum rc model_chat(const struct model *m, const struct segment *system, size_t n_system,
                            const struct segment *user, size_t n_user, struct segment **out, size_t *n_out,
                            struct err *e);
void segments_free(struct segment *segments);

struct chat_style { /* what the makers of a model advise */
    bool reasons;   /* its answers begin with reasoning, which model_answer() tells apart */
    bool opened;    /* the template has opened it already (DeepSeek R1: "<think>\n") */
    bool no_system; /* instructions go into the user message */
    float temperature, top_p; /* 0: no advice */
    uint32_t top_k;
};
void model_chat_style(const struct model *m, const struct chat_options *opt, struct chat_style *out);
/* Tell the reasoning of a generated answer from what is meant for the reader; `opened` as the style says. Without an end
 * of the reasoning there is no answer. Appends to both; a failure sticks to the buffers. */
void model_answer(const struct model *m, const int32_t *ids, size_t n, bool opened, struct buf *reasoning,
                  struct buf *answer);

/* ---- adapters ------------------------------------------------------------------------------------------------- */

/* Low-rank matrices that stand beside a model's own, trained on one house's texts (adapt.h): a GGUF file of llama.cpp's
 * LoRA form. Applied to the requests that name it, never merged into the weights. Read-only after lora_open(), shared
 * freely; the model must outlive it, and it the engines that used it. */
struct lora;
/* Read and check `path`. RC_BAD one line naming file, field and offset: no such adapter, of another architecture or, where
 * it says so and the model was opened with want_hash, another file; matrices that the model has not; RC_LIMIT; RC_NOMEM. */
MUST_USE enum rc lora_open(const struct model *m, const char *path, struct lora **out, struct err *e);
void lora_close(struct lora *a); /* NULL is a no-op */

struct lora_info { /* borrowed from the adapter */
    const char *path, *name;
    const char *sha256;      /* of the file, hex */
    const char *base_sha256; /* of the model that it was trained beside, or "" if the file does not say */
    const char *data_hash;   /* of what it was trained on, or "" */
    uint32_t n_briefs;       /* of these; 0: not said */
    uint32_t rank;           /* the highest of its matrices' */
    float alpha;
    uint64_t bytes;          /* of memory */
};
void lora_info(const struct lora *a, struct lora_info *out);

/* Log-probabilities of the next token after each position of `ids`: on_row(ctx, pos, logprobs[n_vocab]). lora may be
 * NULL. */
MUST_USE enum rc model_logits(const struct model *m, const struct lora *lora, const int32_t *ids, size_t n, int threads,
                              void (*on_row)(void *ctx, size_t pos, const float *logprobs), void *ctx, struct err *e);

/* ---- constraints: byte automata over the output ---------------------------------------------------------------- */

/* A constraint is a deterministic automaton over bytes; a token is allowed if every byte of it leads on, and an end
 * token if the state accepts. Three kinds, fact lock, JSON schema and extract; immutable, shared between requests: all that moves
 * is in the state, which its holder copies and puts back as it likes. */
struct constraint;
void constraint_close(struct constraint *c);

/* Fact lock (`facts: slots`): what the model may write about a record.
 *   slots[n]     "[PERSON_1]", "[PERSON_1:first]", "[DATE_2]", ...: after '[' only one of these can be completed
 *   words[n]     words with an initial capital that may stand inside a sentence (from the prompt and the language's
 *                list); others only begin a sentence, a line or a bullet
 *   literals[n]  strings that the template allows as they are, also with digits
 * Digits stand only inside slots and literals; "- " bullets are allowed at the start of a line. '[' and ']' stand
 * only in slots. max_sentences 0 is no limit; a sentence ends with [.!?] before a space or a newline, and after the
 * last one's [.!?] only the end is allowed. An entry counts only between a word's edges ("30" is not in "130"); inside
 * hyphens and apostrophes each part is a word. A listed word with a digit or bracket in it is ignored: it would let
 * in what it may not. Control and invisible characters are refused, and all of Unicode's digits are digits.
 * RC_BAD a slot that is not "[...]", a literal with a bracket or control character; RC_LIMIT over 4096 entries in
 * all, over 255 bytes in one, over 1023 sentences; RC_NOMEM. */
struct fact_lock {
    const char *const *slots; size_t n_slots;
    const char *const *words; size_t n_words;
    const char *const *literals; size_t n_literals;
    unsigned max_sentences;
    bool allow_newlines;
};
MUST_USE enum rc constraint_fact_lock(const struct fact_lock *f, struct constraint **out, struct err *e);

/* JSON schema: one compact document that the schema accepts, then the end.
 *   schema[n]  keywords type (also a list), enum, const, required, properties, additionalProperties (true or false), items,
 *              minLength, maxLength, minItems, maxItems, minimum, maximum, exclusiveMinimum, exclusiveMaximum, anyOf; no
 *              meaning have $schema, $id, $comment, title, description, default, examples; any other is an error
 *   strings    a fact lock that every string value keeps, as its characters are after unescaping (values of enum and
 *              const, and numbers, are the schema's own); max_sentences must be 0 then. NULL: none
 * What is written: no white space outside strings. Members in the schema's order and only those that it lists, whatever
 * additionalProperties says; so an object without properties is {}, an array without items []. Strings are valid UTF-8
 * with the escapes of one letter (\" \\ \/ \b \f \n \r \t), never \u; lengths count characters. Numbers have no exponent
 * and no more than 15 digits, 6 of them behind the point, unless a limit has more; limits hold for the exact digits. A
 * schema without a type means the type that its keywords are for, or a string, number, boolean, null, {} or [].
 * A request's max_tokens closes the document: engine_submit() refuses fewer tokens than the shortest document may
 * need, a token for each byte.
 * RC_BAD the keyword and its place, also for schemas that nothing satisfies; RC_LIMIT over 4096 alternatives, 32 levels,
 * more than 16 alternatives of anyOf that may begin alike, a shortest document over 1 MiB; RC_NOMEM. */
MUST_USE enum rc constraint_json_schema(const char *schema, size_t n, const struct fact_lock *strings,
                                        struct constraint **out, struct err *e);

/* Extract: whole passages of a text, word for word and in their order, one space between them; nothing else. Which of them,
 * the model says by what it writes, but for those that must be there. A small model that may only choose cannot garble.
 *   lead      comes first ("E-mail from [PERSON_1]:"), and something behind it; NULL: none
 *   passages  without white space at their ends; one that begins as another one does is no problem
 * RC_BAD no passages, an empty one, bad UTF-8; RC_LIMIT over 32 with the lead, over 4096 bytes in one; RC_NOMEM. */
struct extract {
    const char *lead;
    const struct extract_passage {
        const char *text;
        bool must;
    } *passages;
    size_t n;
};
MUST_USE enum rc constraint_extract(const struct extract *x, struct constraint **out, struct err *e);

/* Where in an automaton an output stands. Copy it by assignment; only the first n words have a meaning. */
#define CONSTRAINT_WORDS 33
struct constraint_state {
    uint32_t n;
    uint64_t w[CONSTRAINT_WORDS];
};
void constraint_start(const struct constraint *c, struct constraint_state *out);
/* One byte on. False: no way on, and *s may no longer be used. */
bool constraint_step(const struct constraint *c, struct constraint_state *s, uint8_t byte);
bool constraint_accepts(const struct constraint *c, const struct constraint_state *s);
/* The fewest bytes after which the state accepts, or a bound above them that a shortest way keeps: from every state with
 * bound k > 0 some byte leads to one with at most k - 1. 0 for kinds that promise no such end (fact lock, extract). */
size_t constraint_least(const struct constraint *c, const struct constraint_state *s);

/* ---- the engine -------------------------------------------------------------------------------------------------- */

/* Numbers that the KV cache holds: half floats, or bytes with a scale for 32 of them, in 53 % of the memory. */
enum kv_type { KV_F16, KV_Q8 };

struct engine_options {
    int threads;            /* 0: as many as cores this process may use */
    uint32_t context;       /* most tokens of one sequence; 0: the model's, at most 4096 */
    uint32_t sequences;     /* most sequences in flight; 0: 8 */
    uint32_t chunk;         /* most prompt tokens in one step; 0: 256 */
    size_t kv_bytes;        /* most memory for the KV cache; 0: what context * sequences needs, or what the system has
                               if that is less and enough for one: then some wait for others */
    enum kv_type kv_type;
    int draft;              /* most tokens guessed from the text so far and judged in one step (what is written does not
                               depend on it): 0: as many as pay, DRAFT_OFF: none, 1 to DRAFT_MOST: always so many */
};
#define DRAFT_OFF (-1)
#define DRAFT_MOST 15
struct engine;
struct request;

/* The model must outlive the engine. RC_LIMIT with the sum shown if the KV cache of one sequence does not fit, in
 * kv_bytes or in what memory the system has left. */
MUST_USE enum rc engine_open(const struct model *m, const struct engine_options *opt, struct engine **out,
                             struct err *e);
void engine_close(struct engine *g); /* cancels what is in flight, joins the thread; NULL is a no-op */

struct sampling { /* temperature 0 takes the most probable token and ignores what is only of chance */
    float temperature;
    uint32_t top_k;      /* 0: off */
    float top_p, min_p;  /* 1 and 0: off */
    uint64_t seed;       /* noise is keyed by (seed, position): the same whatever else is in the batch */
    float repeat_penalty;   /* logits of tokens that occurred are divided by it if positive, else multiplied; 0 or 1: off */
    uint32_t repeat_window; /* ... among the last so many of prompt and output; 0: 64 */
};

struct finish {
    enum finish_reason { FINISH_END, FINISH_LENGTH, FINISH_CANCELLED, FINISH_DEADLINE, FINISH_ERROR } reason;
    size_t prompt_tokens, output_tokens;
    size_t cached_tokens; /* of the prompt: taken from the cache */
    int64_t queue_ms, prefill_ms, decode_ms;
    const char *message; /* FINISH_ERROR; borrowed for the call */
};

struct submission {
    const int32_t *ids; size_t n_ids;       /* the prompt; copied */
    size_t max_tokens;                      /* of output; a JSON schema's document is closed in time */
    bool ignore_end;                        /* go on after an end token: for measurements */
    struct sampling sampling;
    const struct constraint *constraint;    /* or NULL; must live until on_finish has returned */
    const struct lora *lora;                /* or NULL; of the engine's model; must outlive the engine */
    int64_t deadline_ms;                    /* on clock_mono_ms(); 0: none */
    int priority;                           /* higher first: a person waiting comes before a batch */
    /* Called from the engine's thread. on_token may be NULL; `id` may be the end token. on_finish exactly once. */
    void (*on_token)(void *ctx, int32_t id, const char *bytes, size_t n);
    void (*on_finish)(void *ctx, const struct finish *f);
    void *ctx;
};

/* Queue a request. *out is for engine_cancel() and must be given back with request_close() after on_finish (or any
 * time: it waits). RC_LIMIT prompt longer than the context (names both), max_tokens too few for the constraint's shortest
 * output (names both), or the queue (1024) is full. */
MUST_USE enum rc engine_submit(struct engine *g, const struct submission *s, struct request **out, struct err *e);
void engine_cancel(struct engine *g, struct request *r);
void request_close(struct request *r);

/* Submit and wait: output bytes appended to `text` and, if not NULL, new ids (the end token included) to ids. */
MUST_USE enum rc engine_run(struct engine *g, const struct submission *s, struct buf *text, int32_t **ids,
                            size_t *n_ids, struct finish *f, struct err *e);

struct engine_stats {
    uint64_t requests, output_tokens; /* of what is finished */
    uint64_t prompt_tokens, cached_tokens; /* of prompts: computed, and taken from the cache instead */
    uint64_t drafted_tokens, accepted_tokens; /* guessed, and of these right */
    uint64_t steps;
    int64_t busy_ms;
    uint32_t in_flight, waiting;
    uint32_t threads; /* that share the work of a step */
};
void engine_stats(struct engine *g, struct engine_stats *out);

#endif
