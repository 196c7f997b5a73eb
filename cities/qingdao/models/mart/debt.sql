/*---
name: mart.debt
label: {en: Sums owed to firms, zh: 应付未付企业款项}
description:
  en: "One row a sum the city owes a firm and has not paid in full by the day. hidden: the ledger of debts does not show it as owed - either a sum marked as paid although less than it was paid, or policy money promised more than 60 days ago, which stands in no ledger of debts."
  zh: 截至当日尚未付清的应付企业款项每笔一行。hidden 为台账未反映的隐性欠款：已标注付款但未足额，或核定逾60日仍未兑现的政策资金。
key: [origin, debt_no]
inputs:
  finance.enterprise_debt: {}
  finance.policy_payment: {}
  mart.firm_code: {}
columns:
  origin: {type: VARCHAR, en: "contract or policy", zh: "来源：contract 合同、policy 政策资金"}
  debt_no: {type: VARCHAR, en: Number in the ledger it comes from, zh: 台账编号}
  department_id: {type: VARCHAR, en: Body that owes it, zh: 债务单位}
  credit_code: {type: VARCHAR, en: Credit code of the firm, zh: 企业信用代码}
  firm_id: {type: VARCHAR, en: "Firm, empty: no register knows the code", zh: 企业标识}
  due_on: {type: DATE, en: "Day it is due; of policy money 60 days after the promise", zh: 应付日期}
  amount: {type: "DECIMAL(18,2)", en: "Sum, yuan", zh: 金额（元）}
  owed: {type: "DECIMAL(18,2)", en: "Still owed, yuan", zh: 未付金额（元）}
  days_overdue: {type: BIGINT, en: "Days since it was due, 0 before", zh: 逾期天数}
  age: {type: VARCHAR, en: "Days overdue: not due, 1-30, 31-90, 91-180, 181-365, over 365", zh: 账龄（逾期天数）}
  interest: {type: "DECIMAL(18,2)", en: "Interest at 0.05 % a day on what is still owed, yuan; none on policy money", zh: 逾期利息（元，日万分之五；政策资金不计）}
  hidden: {type: BOOLEAN, en: Whether the ledger of debts does not show it, zh: 是否隐性欠款}
---*/
WITH owed AS (
  SELECT 'contract' AS origin, debt_no, department_id, credit_code, due_on, amount,
         amount - CASE WHEN paid_on <= getvariable('as_of_day') THEN coalesce(paid_amount, 0) ELSE 0 END AS open_amount,
         coalesce(paid_on <= getvariable('as_of_day'), FALSE) AS hidden
  FROM finance.enterprise_debt
  WHERE delivered_on <= getvariable('as_of_day')
  UNION ALL
  SELECT 'policy' AS origin, payment_no AS debt_no, 'finance' AS department_id, credit_code,
         CAST(promised_on + INTERVAL 60 DAY AS DATE) AS due_on, promised_amount AS amount,
         promised_amount - CASE WHEN paid_on <= getvariable('as_of_day') THEN coalesce(paid_amount, 0) ELSE 0 END AS open_amount,
         date_diff('day', promised_on, getvariable('as_of_day')) > 60 AS hidden
  FROM finance.policy_payment
  WHERE promised_on <= getvariable('as_of_day')
), aged AS (
  SELECT origin, debt_no, department_id, credit_code, due_on, amount, open_amount, hidden,
         CASE WHEN due_on < getvariable('as_of_day') THEN CAST(date_diff('day', due_on, getvariable('as_of_day')) AS BIGINT) ELSE 0 END AS days
  FROM owed
  WHERE open_amount > 0
)
SELECT a.origin, a.debt_no, a.department_id, a.credit_code, c.firm_id, a.due_on, CAST(a.amount AS DECIMAL(18,2)) AS amount,
       CAST(a.open_amount AS DECIMAL(18,2)) AS owed, CAST(a.days AS BIGINT) AS days_overdue,
       CASE WHEN a.days = 0 THEN 'not due' WHEN a.days <= 30 THEN '1-30' WHEN a.days <= 90 THEN '31-90' WHEN a.days <= 180 THEN '91-180'
            WHEN a.days <= 365 THEN '181-365' ELSE 'over 365' END AS age,
       CAST(CASE WHEN a.origin = 'contract' THEN CAST(0.0005 AS DECIMAL(5,4)) * a.open_amount * CAST(a.days AS DECIMAL(9,0)) ELSE 0 END
            AS DECIMAL(18,2)) AS interest,
       a.hidden
FROM aged AS a
LEFT JOIN mart.firm_code AS c ON c.credit_code = a.credit_code
