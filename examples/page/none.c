/* Where the page could not be built, the server shows a line of text instead. */
#include "server/static.h"

const struct static_file static_files[] = { { 0 } };
const size_t static_files_len = 0;
