-- Who owes firms how much, for how long, and how much of it no ledger of debts shows.
SELECT department_id, sum(debts) AS debts, sum(owed) AS owed_yuan, sum(CASE WHEN age = 'not due' THEN 0 ELSE owed END) AS overdue_yuan,
       sum(CASE WHEN age = 'over 365' THEN owed ELSE 0 END) AS over_a_year_yuan, sum(hidden_owed) AS hidden_yuan, min(oldest_due_on) AS oldest_due_on
FROM mart.debt_ageing
GROUP BY department_id
ORDER BY overdue_yuan DESC, department_id
