#include "core/doc/patch.h"

void sn_patches_free(sn_patches *patches, sn_mem *mem)
{
    sn_mem_free(mem, patches->steps, patches->cap * sizeof *patches->steps);
    patches->steps = NULL;
    patches->len = patches->cap = patches->taken = 0;
}

void sn_patches_start(sn_patches *patches, unsigned watch, uint32_t shown)
{
    patches->len = patches->taken = 0;
    patches->watch = watch;
    patches->reset = false;
    patches->shown = shown;
}

static bool patch_joins(sn_step *last, const sn_step *step)
{
    if (last->replica != step->replica || last->local != step->local ||
        (last->what | step->what) != SENNIT_PATCH_TEXT)
        return false;
    if (step->removed == 0 && step->pos == last->pos + last->inserted && last->inserted > 0 &&
        step->text_of == last->text_of && step->at == last->at + last->len) {
        last->inserted += step->inserted;
        last->len += step->len;
        return true;
    }
    if (step->inserted == 0 && last->inserted == 0 &&
        (step->pos == last->pos || step->pos + step->removed == last->pos)) {
        last->pos = step->pos;
        last->removed += step->removed;
        return true;
    }
    return false;
}

void sn_patches_add(sn_patches *patches, sn_mem *mem, const sn_step *step)
{
    if (patches->reset)
        return;
    if (patches->taken == patches->len)
        patches->taken = patches->len = 0;
    if (patches->len > patches->taken && patch_joins(&patches->steps[patches->len - 1], step))
        return;
    if (patches->len - patches->taken >= patches->max ||
        sn_mem_grow(mem, (void **)&patches->steps, &patches->cap, patches->len + 1,
                    sizeof *patches->steps) != SENNIT_OK) {
        patches->reset = true;
        return;
    }
    patches->steps[patches->len++] = *step;
}

void sn_patches_cut(sn_patches *patches, uint32_t text_of, uint32_t number)
{
    patches->cut = patches->len > patches->taken;
    patches->cut_of = text_of;
    patches->cut_from = number;
}

void sn_patches_overwrite(sn_patches *patches)
{
    patches->cut = false;
    for (size_t i = patches->taken; i < patches->len && !patches->reset; i++) {
        const sn_step *step = &patches->steps[i];

        patches->reset = step->len > 0 && step->text_of == patches->cut_of &&
                         step->at + step->len > patches->cut_from;
    }
}
