/* Open addressing with linear probing over an insertion-ordered entry array. */
#include "base/map.h"

#define XXH_INLINE_ALL
#include <string.h>
#include <xxhash.h>

#define FEWEST_SLOTS 16

uint64_t hn_hash(const void *bytes, size_t size, uint64_t seed) { return XXH3_64bits_withSeed(bytes, size, seed); }

void hn_map_init(hn_map *map, hn_arena *arena) { *map = (hn_map){.arena = arena}; }

/* The slot that holds the key, or the free slot where it belongs. The table always has a free slot. */
static size_t find_slot(const hn_map *map, uint64_t hash, const void *key, size_t key_size) {
    size_t at = (size_t)hash & (map->slots - 1);
    for (;; at = (at + 1) & (map->slots - 1)) {
        if (!map->slot[at]) return at;
        const hn_map_entry *entry = &map->entry[map->slot[at] - 1];
        if (entry->hash == hash && entry->key_size == key_size &&
            (key_size == 0 || memcmp(entry->key, key, key_size) == 0))
            return at;
    }
}

static bool grow_slots(hn_map *map) {
    size_t slots = map->slots ? map->slots * 2 : FEWEST_SLOTS;
    uint32_t *slot = map->n < UINT32_MAX / 2 ? hn_arena_alloc_array(map->arena, slots, sizeof *slot) : NULL;
    if (!slot) return false;
    for (size_t i = 0; i < map->n; i++) {
        size_t at = (size_t)map->entry[i].hash & (slots - 1);
        while (slot[at]) at = (at + 1) & (slots - 1);
        slot[at] = (uint32_t)i + 1;
    }
    map->slot = slot;
    map->slots = slots;
    return true;
}

static bool grow_entries(hn_map *map) {
    size_t capacity = map->capacity ? map->capacity * 2 : FEWEST_SLOTS / 2;
    hn_map_entry *entry = hn_arena_alloc_array(map->arena, capacity, sizeof *entry);
    if (!entry) return false;
    if (map->n) memcpy(entry, map->entry, map->n * sizeof *entry);
    map->entry = entry;
    map->capacity = capacity;
    return true;
}

bool hn_map_put(hn_map *map, const void *key, size_t key_size, void *value) {
    if ((map->n + 1) * 2 > map->slots && !grow_slots(map)) return false;
    uint64_t hash = hn_hash(key, key_size, 0);
    size_t at = find_slot(map, hash, key, key_size);
    if (map->slot[at]) {
        map->entry[map->slot[at] - 1].value = value;
        return true;
    }
    if (map->n == map->capacity && !grow_entries(map)) return false;
    const char *copy = hn_arena_string(map->arena, key, key_size);
    if (!copy) return false;
    map->entry[map->n++] = (hn_map_entry){copy, key_size, hash, value};
    map->slot[at] = (uint32_t)map->n;
    return true;
}

void *hn_map_get(const hn_map *map, const void *key, size_t key_size) {
    if (!map->n) return NULL;
    size_t at = find_slot(map, hn_hash(key, key_size, 0), key, key_size);
    return map->slot[at] ? map->entry[map->slot[at] - 1].value : NULL;
}

bool hn_map_put_text(hn_map *map, const char *key, void *value) { return hn_map_put(map, key, strlen(key), value); }

void *hn_map_get_text(const hn_map *map, const char *key) { return hn_map_get(map, key, strlen(key)); }
