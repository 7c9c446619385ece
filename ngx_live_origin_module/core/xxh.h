/*
 * xxHash, with the widest vectors that the CPU has where the library was
 * built to choose them at run time.  The values are the same everywhere.
 */

#ifndef LO_XXH_H
#define LO_XXH_H


#include <xxhash.h>

#if defined(__x86_64__) && __has_include(<xxh_x86dispatch.h>)
#include <xxh_x86dispatch.h>
#endif


#endif
