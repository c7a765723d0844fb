/* Hash map from byte strings to pointers, in an arena. Keys are copied. Iteration order is insertion order. */
#ifndef HN_BASE_MAP_H
#define HN_BASE_MAP_H

#include "base/arena.h"

typedef struct hn_map_entry {
    const char *key; /* NUL-terminated copy */
    size_t key_size;
    uint64_t hash;
    void *value;
} hn_map_entry;

typedef struct hn_map {
    hn_arena *arena;
    hn_map_entry *entry; /* in insertion order */
    uint32_t *slot;      /* index + 1 into entry, 0 = free */
    size_t n, capacity, slots;
} hn_map;

void hn_map_init(hn_map *map, hn_arena *arena);
/* Inserts or replaces; false when out of memory. */
bool hn_map_put(hn_map *map, const void *key, size_t key_size, void *value);
/* NULL when absent. */
void *hn_map_get(const hn_map *map, const void *key, size_t key_size);
bool hn_map_put_text(hn_map *map, const char *key, void *value);
void *hn_map_get_text(const hn_map *map, const char *key);
/* 64-bit hash of bytes (XXH3), the same on every machine. */
uint64_t hn_hash(const void *bytes, size_t size, uint64_t seed);

#endif
