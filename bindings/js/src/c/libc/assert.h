/* Asserts are for other builds. */
#define assert(condition) ((void)0)
