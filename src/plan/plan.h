/* The plan file: a tuned, checked program for the runtime. Data only, little endian, mapped and used in place.
 *
 *   hn_plan_header                magic, version, section count, file size, hash of header and section table
 *   hn_plan_section[n_sections]   id, offset, size, hash; in the order of enum hn_section, each 64-byte aligned
 *   META      pairs of string offsets: provenance, options, library version       (u32 key, u32 value)
 *   STRINGS   NUL-terminated texts; offset 0 is ""
 *   SYMBOLS   names of the symbolic dimensions                                    (u32 string each)
 *   PROFILES  n_symbols ranges {min, opt, max} per profile, after a name          hn_plan_profile + hn_plan_range[]
 *   CODE      postfix code of expressions (base/shape_expr.h)                     (i64 each)
 *   EXPRS     where each expression's code lies                                   hn_plan_expr
 *   VALUES    every value of every block                                          hn_plan_value
 *   ARGS      value and block numbers that steps and blocks refer to              (u32 each)
 *   STEPS     what to do, in order; the steps of a block are consecutive          hn_plan_step
 *   BLOCKS    block 0 is the program, others are bodies of If, Loop, Scan         hn_plan_block
 *   PACKED    packed constants of kernel steps                                    hn_plan_packed
 *   BLOBS     encoded attributes, queries, kernel configs; 8-byte aligned items
 *   WEIGHTS   constants and packed constants, 64-byte aligned items; the only large section
 *
 * Every section's hash but that of WEIGHTS is verified at load; WEIGHTS on `check` or --verify-weights. Operators,
 * kernels and attributes go by name, never by enum value. Nothing in here depends on a date or an address: same inputs,
 * same bytes. */
#ifndef HN_PLAN_PLAN_H
#define HN_PLAN_PLAN_H

#include "abi/provider.h"
#include "base/file.h"

#define HN_PLAN_MAGIC   "HONEPLAN"
#define HN_PLAN_VERSION 2

typedef enum hn_section {
    HN_SECTION_META,
    HN_SECTION_STRINGS,
    HN_SECTION_SYMBOLS,
    HN_SECTION_PROFILES,
    HN_SECTION_CODE,
    HN_SECTION_EXPRS,
    HN_SECTION_VALUES,
    HN_SECTION_ARGS,
    HN_SECTION_STEPS,
    HN_SECTION_BLOCKS,
    HN_SECTION_PACKED,
    HN_SECTION_BLOBS,
    HN_SECTION_WEIGHTS,
    HN_SECTION_COUNT
} hn_section;

typedef struct hn_plan_section {
    uint32_t id, reserved;
    uint64_t offset, size;
    uint64_t hash; /* hn_hash(bytes, size, id) */
} hn_plan_section;

typedef struct hn_plan_header {
    char magic[8];
    uint32_t version, n_sections;
    uint64_t file_size;
    uint64_t hash; /* hn_hash of the header with hash 0, then of the section table seeded with it */
} hn_plan_header;

typedef struct hn_plan_expr {
    uint32_t first, n; /* code words; n 0: unknown, found at run time */
} hn_plan_expr;

typedef struct hn_plan_range {
    int64_t min, opt, max; /* max -1: unbounded */
} hn_plan_range;

typedef struct hn_plan_profile {
    uint32_t name; /* "0", "1", ... */
    uint32_t bounded;
    /* hn_plan_range range[n_symbols] follows in the section */
} hn_plan_profile;

/* Where a value's content comes from. */
typedef enum hn_source {
    HN_SOURCE_CONST, /* bytes in WEIGHTS at `offset` */
    HN_SOURCE_INPUT, /* the caller */
    HN_SOURCE_SHAPE, /* small integer tensor of `n_elements` expressions, filled when shapes are bound */
    HN_SOURCE_STEP,  /* a step */
    HN_SOURCE_PARAM  /* set by the If, Loop or Scan that runs the block */
} hn_source;

/* Where it lives. */
typedef enum hn_storage {
    HN_STORAGE_WEIGHTS, /* in the mapped plan */
    HN_STORAGE_CALLER,  /* an input, read in place */
    HN_STORAGE_CONTEXT, /* a SHAPE value, in the context */
    HN_STORAGE_PLANNED, /* at an offset of the context's arena that is computed from the profile's largest shapes */
    HN_STORAGE_HEAP,    /* size known at run time only, or inside a body: high-water reuse */
    HN_STORAGE_OUTPUT,  /* an output: the caller's buffer if given, else the context's */
    /* Strings and objects are never PLANNED, and ALIAS only by a VIEW step: a file must not be able to show other bytes
     * as addresses. */
    HN_STORAGE_ALIAS /* the memory of value `alias` (a view, or written in place over it) */
} hn_storage;

#define HN_PLAN_UNRANKED 255

typedef struct hn_plan_value {
    uint32_t name; /* of the IR value; output and input names are those of the model */
    uint8_t dtype, rank, layout, source;
    uint8_t storage, space, reserved[2]; /* space: device whose memory it is in */
    uint32_t alias;                      /* value number; meaningful with HN_STORAGE_ALIAS */
    int32_t first, last; /* steps of block 0 between which the memory must stay, aliases included (PLANNED) */
    uint32_t n_elements;
    uint32_t type;               /* text of the type of an object (abi/object.h); "" for tensors */
    uint64_t offset, size;       /* CONST: bytes in WEIGHTS, size 0 when all its users have it packed; strings are their
                                    {offset, length} pairs (u64), counted from there, and then the texts. SHAPE: offset is
                                    the first of n_elements expression numbers in ARGS */
    uint32_t dim[HONE_MAX_RANK]; /* expression numbers */
} hn_plan_value;

typedef enum hn_step_kind {
    HN_STEP_REFERENCE, /* one operator by its reference */
    HN_STEP_KERNEL,    /* a query by a provider's kernel */
    HN_STEP_VIEW,      /* output 0 shows input 0's memory under another shape */
    HN_STEP_COPY,      /* input 0 to output 0, across memory spaces */
    HN_STEP_IF,
    HN_STEP_LOOP,
    HN_STEP_SCAN
} hn_step_kind;

/* The provider of a reference step whose operator a plugin brings is this and the plugin's name; kernel_version is the
 * plugin's, and `kernel` is set when its fast form runs. */
#define HN_PLAN_PLUGIN "plugin "

enum { HN_STEP_INFERS = 1u << 0 /* output shapes are found by running inference first */ };

typedef struct hn_plan_step {
    uint32_t name;   /* node name */
    uint32_t op;     /* operator (the anchor's for a kernel step) */
    uint32_t fused;  /* text: all operators of the step, "Conv+Add+Relu" */
    uint32_t kernel; /* kernel name, "" otherwise */
    uint32_t provider;
    uint32_t kernel_version;
    uint8_t kind, device;
    uint16_t flags;
    uint32_t args; /* first of n_in + n_out value numbers (+1; 0 absent), then n_block block numbers, in ARGS. A kernel
                      step's inputs are the query's IN and CONST values, its outputs the OUT values, both in order */
    uint32_t n_in, n_out, n_block;
    uint32_t attrs, attr_bytes; /* in BLOBS; reference and control steps */
    uint32_t query, query_bytes;
    uint32_t config, config_bytes;
    uint32_t packed, n_packed; /* records in PACKED */
} hn_plan_step;

typedef struct hn_plan_packed {
    uint32_t val; /* value number inside the query */
    uint32_t reserved;
    uint64_t offset, size; /* in WEIGHTS */
} hn_plan_packed;

typedef struct hn_plan_block {
    uint32_t first_step, n_steps;
    uint32_t args; /* n_params, then n_results value numbers (+1) in ARGS */
    uint32_t n_params, n_results;
} hn_plan_block;

typedef struct hn_plan_meta {
    uint32_t key, value;
} hn_plan_meta;

/* A plan in memory, over a mapped file or over the builder's arrays. Borrowed pointers throughout. */
typedef struct hn_plan {
    const hn_plan_meta *meta;
    const char *strings;
    const uint32_t *symbol;
    const uint8_t *profiles;
    const int64_t *code;
    const hn_plan_expr *expr;
    const hn_plan_value *value;
    const uint32_t *arg;
    const hn_plan_step *step;
    const hn_plan_block *block;
    const hn_plan_packed *packed;
    const uint8_t *blob;
    const uint8_t *weights;
    uint32_t n_meta, n_symbol, n_profile, n_code, n_expr, n_value, n_arg, n_step, n_block, n_packed;
    uint64_t n_strings, n_blob, n_weights, n_profiles_bytes;
    hn_map_file file; /* data NULL when not mapped */
} hn_plan;

/* Maps a plan and checks every number in it against every other: after HONE_OK no accessor can go out of bounds,
 * expressions are well-formed, strings end, steps name known operators and their arity fits, blocks nest without
 * cycles, aliases point to earlier values and end in storage of their own. Weights are hashed only if `verify_weights`.
 * The file stays mapped until hn_plan_close. (plan_read.c, plan_verify.c) */
HONE_MUST_USE hone_status hn_plan_open(const char *path, bool verify_weights, hn_plan *plan, hn_diag *diag);
/* The same over memory that outlives the plan (64-byte aligned). */
HONE_MUST_USE hone_status hn_plan_open_memory(const void *bytes, size_t n, bool verify_weights, hn_plan *plan,
                                              hn_diag *diag);
void hn_plan_close(hn_plan *plan);

/* The numbers of inputs and outputs of step `index` fit `op` (for steps of plugins, which opening cannot check). */
HONE_MUST_USE hone_status hn_plan_verify_arity(const hn_plan *plan, uint32_t index, const hn_op *op, hn_diag *diag);

static inline const char *hn_plan_text(const hn_plan *plan, uint32_t string) { return plan->strings + string; }
/* Value of a META key, or NULL. */
const char *hn_plan_meta_find(const hn_plan *plan, const char *key);
const hn_plan_profile *hn_plan_profile_at(const hn_plan *plan, uint32_t index);
const hn_plan_range *hn_plan_ranges(const hn_plan *plan, uint32_t profile);
/* Value numbers (+1, 0 absent) of a step's inputs and outputs, its blocks, and of a block's params and results. */
const uint32_t *hn_plan_step_in(const hn_plan *plan, const hn_plan_step *step);
const uint32_t *hn_plan_step_out(const hn_plan *plan, const hn_plan_step *step);
const uint32_t *hn_plan_step_blocks(const hn_plan *plan, const hn_plan_step *step);
/* Evaluates expression `expr` for the symbol values; false: unknown, overflow. */
bool hn_plan_eval(const hn_plan *plan, uint32_t expr, const int64_t *symbol, int64_t *out);
/* True when rank and dims follow from the symbols: no expression of the value is unknown. */
bool hn_plan_has_dims(const hn_plan *plan, const hn_plan_value *value);
/* Evaluates a value's dims; false when its rank or a dim is not known before running, or negative. */
bool hn_plan_dims(const hn_plan *plan, const hn_plan_value *value, const int64_t *symbol, int64_t *dim);

/* A query in compact form: what BLOBS holds. (plan_write_query.c, plan_read_query.c) */
HONE_MUST_USE hone_status hn_plan_query_encode(const hn_query *query, hn_str *out, hn_diag *diag);
HONE_MUST_USE hone_status hn_plan_query_decode(const void *bytes, size_t n, hn_query *out, hn_diag *diag);

/* Arena layout of block 0 in memory space `space` for given symbol values: sets offset[v] for the values with PLANNED
 * storage there, and gives the arena's bytes and the largest sum of live bytes. Buffers are 64-byte aligned with 64
 * bytes of slack. (plan_read_memory.c) */
HONE_MUST_USE hone_status hn_plan_memory(const hn_plan *plan, const int64_t *symbol, int space, hn_arena *scratch,
                                         uint64_t *offset, uint64_t *total, uint64_t *live, hn_diag *diag);

/* Build side: writes a plan whose arrays the builder filled. `weights` is called once per item in order of offset and
 * must produce exactly the bytes promised: constants and packed constants stream into the file without a copy of the
 * model. Whole or absent: temporary name, rename. (plan_write.c) */
typedef struct hn_plan_weight {
    uint64_t offset, size;
    /* Fills `to` (size bytes, zeroed). Errors end the writing. */
    hone_status (*fill)(void *user, const struct hn_plan_weight *item, void *to, hn_diag *diag);
    const void *bytes; /* used when fill is NULL */
    void *user;
} hn_plan_weight;
HONE_MUST_USE hone_status hn_plan_write(const char *path, const hn_plan *plan, const hn_plan_weight *weight,
                                        size_t n_weight, hn_diag *diag);

#endif
