"""The exchange zone 前置机: batches that a department pushes, reconciled 对账 with the figures it states."""
