#include "base/treap.h"

void sn_treap_add(sn_twig **root, sn_twig *twig, uint64_t rank, sn_treap_order order)
{
    sn_twig **low = &twig->left, **high = &twig->right, *below;

    while (*root != NULL && (*root)->rank >= rank)
        root = order(twig, *root) < 0 ? &(*root)->left : &(*root)->right;
    below = *root;
    *root = twig;
    twig->rank = rank;
    while (below != NULL)
        if (order(below, twig) < 0) {
            *low = below;
            low = &below->right;
            below = *low;
        } else {
            *high = below;
            high = &below->left;
            below = *high;
        }
    *low = *high = NULL;
}

void sn_treap_remove(sn_twig **root, const sn_twig *twig, sn_treap_order order)
{
    sn_twig *low = twig->left, *high = twig->right;

    while (*root != twig)
        root = order(twig, *root) < 0 ? &(*root)->left : &(*root)->right;
    while (low != NULL && high != NULL)
        if (low->rank >= high->rank) {
            *root = low;
            root = &low->right;
            low = *root;
        } else {
            *root = high;
            root = &high->left;
            high = *root;
        }
    *root = low != NULL ? low : high;
}

sn_twig *sn_treap_first(sn_twig *root)
{
    while (root != NULL && root->left != NULL)
        root = root->left;
    return root;
}

sn_twig *sn_treap_from(sn_twig *root, const sn_twig *key, sn_treap_order order)
{
    sn_twig *found = NULL;

    while (root != NULL)
        if (order(root, key) < 0) {
            root = root->right;
        } else {
            found = root;
            root = root->left;
        }
    return found;
}

/* SplitMix64: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
 * Generators", OOPSLA 2014. */
uint64_t sn_treap_rank(uint64_t key, uint64_t n)
{
    uint64_t v = key + n * UINT64_C(0x9E3779B97F4A7C15);

    v = (v ^ v >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    v = (v ^ v >> 27) * UINT64_C(0x94D049BB133111EB);
    return v ^ v >> 31;
}
