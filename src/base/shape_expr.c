/* Pools of shape expressions: symbols with their bounds, and interning of nodes. */
#include "base/shape_expr.h"

#include <string.h>
#include "base/map.h"
#include "base/shape_expr_node.h"
#include "base/growable.h"

#define FEWEST_SLOTS 64

const hn_expr hn_expr_unknown = {.kind = HN_EXPR_UNKNOWN, .depth = 1, .size = 1};

typedef struct symbol_facts {
    const hn_expr *expr;
    int64_t low, high;
} symbol_facts;

struct hn_expr_pool {
    hn_arena arena;
    hn_map by_name;
    hn_vec(symbol_facts) symbol;
    const hn_expr **slot; /* open addressing; NULL: free */
    size_t n, slots;
};

hone_status hn_expr_pool_create(const hone_allocator *allocator, hn_expr_pool **out) {
    *out = NULL;
    hn_expr_pool *pool = hn_alloc(allocator, sizeof *pool, _Alignof(hn_expr_pool));
    if (!pool) return HONE_OUT_OF_MEMORY;
    *pool = (hn_expr_pool){0};
    hn_arena_init(&pool->arena, allocator);
    hn_map_init(&pool->by_name, &pool->arena);
    *out = pool;
    return HONE_OK;
}

void hn_expr_pool_destroy(hn_expr_pool **pool) {
    if (!*pool) return;
    const hone_allocator *allocator = (*pool)->arena.allocator;
    hn_arena_free(&(*pool)->arena);
    hn_release(allocator, *pool, sizeof **pool);
    *pool = NULL;
}

static hn_expr *new_node(hn_expr_pool *pool, hn_expr_kind kind, int64_t value, int n) {
    hn_expr *expr = hn_arena_alloc(&pool->arena, sizeof *expr + (size_t)n * sizeof(hn_dim));
    if (!expr) return NULL;
    *expr = (hn_expr){.kind = (uint8_t)kind, .n = (uint16_t)n, .depth = 1, .size = 1, .value = value};
    return expr;
}

hn_dim hn_expr_symbol(hn_expr_pool *pool, const char *name) {
    if (!pool || !name) return HN_UNKNOWN_DIM;
    const hn_expr *known = hn_map_get_text(&pool->by_name, name);
    if (known) return (hn_dim){0, known};
    hn_expr *expr = new_node(pool, HN_EXPR_SYMBOL, (int64_t)pool->symbol.n, 0);
    if (!expr || pool->symbol.n >= INT32_MAX) return HN_UNKNOWN_DIM;
    expr->name = hn_arena_string(&pool->arena, name, strlen(name));
    expr->hash = hn_hash(name, strlen(name), HN_EXPR_SYMBOL);
    symbol_facts facts = {expr, 0, INT64_MAX};
    if (!expr->name || !hn_vec_push(&pool->arena, &pool->symbol, facts)) return HN_UNKNOWN_DIM;
    if (!hn_map_put_text(&pool->by_name, name, expr)) {
        pool->symbol.n--;
        return HN_UNKNOWN_DIM;
    }
    return (hn_dim){0, expr};
}

int hn_expr_symbol_count(const hn_expr_pool *pool) { return (int)pool->symbol.n; }

static bool is_symbol(const hn_expr_pool *pool, int symbol) {
    return pool && symbol >= 0 && (size_t)symbol < pool->symbol.n;
}

const char *hn_expr_symbol_name(const hn_expr_pool *pool, int symbol) {
    return is_symbol(pool, symbol) ? pool->symbol.at[symbol].expr->name : "";
}

void hn_expr_set_bounds(hn_expr_pool *pool, int symbol, int64_t low, int64_t high) {
    if (!is_symbol(pool, symbol) || low > high) return;
    pool->symbol.at[symbol].low = low;
    pool->symbol.at[symbol].high = high;
}

void hn_expr_get_bounds(const hn_expr_pool *pool, int symbol, int64_t *low, int64_t *high) {
    *low = is_symbol(pool, symbol) ? pool->symbol.at[symbol].low : INT64_MIN;
    *high = is_symbol(pool, symbol) ? pool->symbol.at[symbol].high : INT64_MAX;
}

bool hn_dim_same(hn_dim a, hn_dim b) {
    if (a.expr != b.expr || hn_dim_is_unknown(a)) return false;
    return a.expr || a.value == b.value;
}

/* Every operation on an unknown gives the unknown itself, so none can hide inside. */
bool hn_dim_has_unknown(hn_dim d) { return hn_dim_is_unknown(d); }

int hn_dim_compare(hn_dim a, hn_dim b) {
    if (!a.expr != !b.expr) return a.expr ? -1 : 1;
    if (a.expr) return hn_expr_compare(a.expr, b.expr);
    return (a.value > b.value) - (a.value < b.value);
}

/* In linear forms and products the value beside an expression counts, too. */
static int compare_args(const hn_expr *a, const hn_expr *b) {
    for (int i = 0; i < a->n; i++) {
        int order = hn_dim_compare(a->arg[i], b->arg[i]);
        if (order) return order;
        if (a->arg[i].value != b->arg[i].value) return a->arg[i].value < b->arg[i].value ? -1 : 1;
    }
    return 0;
}

int hn_expr_compare(const hn_expr *a, const hn_expr *b) {
    if (a == b) return 0;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    if (a->kind == HN_EXPR_SYMBOL) return strcmp(a->name, b->name);
    if (a->n != b->n) return a->n < b->n ? -1 : 1;
    if (a->value != b->value) return a->value < b->value ? -1 : 1;
    return compare_args(a, b);
}

static uint64_t content_hash(hn_expr_kind kind, int64_t value, const hn_dim *arg, int n) {
    uint64_t word[2 + 2 * HN_EXPR_MAX_TERMS] = {(uint64_t)kind, (uint64_t)value};
    size_t count = 2;
    for (int i = 0; i < n; i++) {
        word[count++] = (uint64_t)arg[i].value;
        word[count++] = arg[i].expr ? arg[i].expr->hash : 0;
    }
    return hn_hash(word, count * sizeof *word, 0);
}

static bool has_content(const hn_expr *expr, hn_expr_kind kind, int64_t value, const hn_dim *arg, int n) {
    if (expr->kind != kind || expr->value != value || expr->n != n) return false;
    for (int i = 0; i < n; i++)
        if (expr->arg[i].expr != arg[i].expr || expr->arg[i].value != arg[i].value) return false;
    return true;
}

static bool grow_slots(hn_expr_pool *pool) {
    size_t slots = pool->slots ? pool->slots * 2 : FEWEST_SLOTS;
    const hn_expr **slot = hn_arena_alloc_array(&pool->arena, slots, sizeof *slot);
    if (!slot) return false;
    for (size_t i = 0; i < pool->slots; i++) {
        if (!pool->slot[i]) continue;
        size_t at = (size_t)pool->slot[i]->hash & (slots - 1);
        while (slot[at]) at = (at + 1) & (slots - 1);
        slot[at] = pool->slot[i];
    }
    pool->slot = slot;
    pool->slots = slots;
    return true;
}

/* A new node, or NULL beyond the limits or without memory. */
static hn_expr *build_node(hn_expr_pool *pool, hn_expr_kind kind, int64_t value, const hn_dim *arg, int n) {
    uint32_t depth = 1, size = 1;
    for (int i = 0; i < n; i++) {
        if (!arg[i].expr) continue;
        if (arg[i].expr->depth + 1u > depth) depth = arg[i].expr->depth + 1u;
        size += arg[i].expr->size;
    }
    if (depth > HN_EXPR_MAX_DEPTH || size > HN_EXPR_MAX_SIZE) return NULL;
    hn_expr *expr = new_node(pool, kind, value, n);
    if (!expr) return NULL;
    expr->depth = (uint16_t)depth;
    expr->size = size;
    memcpy(expr->arg, arg, (size_t)n * sizeof *arg);
    return expr;
}

hn_dim hn_expr_intern(hn_expr_pool *pool, hn_expr_kind kind, int64_t value, const hn_dim *arg, int n) {
    for (int i = 0; i < n; i++)
        if (hn_dim_is_unknown(arg[i])) return HN_UNKNOWN_DIM;
    if ((pool->n + 1) * 2 > pool->slots && !grow_slots(pool)) return HN_UNKNOWN_DIM;
    uint64_t hash = content_hash(kind, value, arg, n);
    size_t at = (size_t)hash & (pool->slots - 1);
    for (; pool->slot[at]; at = (at + 1) & (pool->slots - 1))
        if (pool->slot[at]->hash == hash && has_content(pool->slot[at], kind, value, arg, n))
            return (hn_dim){0, pool->slot[at]};
    hn_expr *expr = build_node(pool, kind, value, arg, n);
    if (!expr) return HN_UNKNOWN_DIM;
    expr->hash = hash;
    pool->slot[at] = expr;
    pool->n++;
    return (hn_dim){0, expr};
}
