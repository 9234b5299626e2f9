/* Transactions: several edits or none. */
#ifndef SN_TXN_H
#define SN_TXN_H

#include "core/doc/doc.h"

/* Note where the document is, and open a transaction if none is open. */
void sn_txn_mark(sennit_doc *doc, sn_txn *mark);

/* Keep what came since the mark, or with a status other than SENNIT_OK take it
 * back; close the transaction if the mark opened it. */
void sn_txn_settle(sennit_doc *doc, const sn_txn *mark, sennit_status status);

#endif
