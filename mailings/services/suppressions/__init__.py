"""Who a book does not send to: the ledger of unsubscribes and blocks, and what the service is told and asked."""
