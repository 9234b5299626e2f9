/* What the server's process takes. */
#ifndef LOAD_PROCESS_H
#define LOAD_PROCESS_H

double process_cpu(long pid); /* seconds, of user and system */
long process_rss_kb(long pid);

#endif
