/* Finding a provider's kernel by name, by cost, and its body by CPU features. */
#include "abi/provider.h"

#include <string.h>

const hn_kernel_body *hn_kernel_bind(const hn_kernel *kernel, uint32_t features) {
    for (int i = 0; i < kernel->n_body; i++)
        if ((kernel->body[i].features & ~features) == 0) return &kernel->body[i];
    return NULL;
}

const hn_kernel *hn_provider_find(const hn_provider *provider, const char *name) {
    for (int i = 0; i < provider->n_kernel; i++)
        if (strcmp(provider->kernel[i]->name, name) == 0) return provider->kernel[i];
    return NULL;
}

const hn_kernel *hn_provider_choose(const hn_provider *provider, const hn_query *query) {
    const hn_kernel *best = NULL;
    double least = 0;
    for (int i = 0; i < provider->n_kernel; i++) {
        const hn_kernel *kernel = provider->kernel[i];
        if (!kernel->supports(query)) continue;
        double cost = kernel->cost(query);
        if (best && cost >= least) continue;
        best = kernel;
        least = cost;
    }
    return best;
}
