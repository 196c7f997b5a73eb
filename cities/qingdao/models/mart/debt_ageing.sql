/*---
name: mart.debt_ageing
label: {en: Debts by age and debtor, zh: 欠款账龄（按债务单位）}
description:
  en: One row a body that owes, origin and age of the debts; the sums of the city are the scorecard's, without policy money.
  zh: 每个债务单位、来源与账龄一行；记分牌的合计仅含合同欠款。
key: [department_id, origin, age]
inputs:
  mart.debt: {}
columns:
  department_id: {type: VARCHAR, en: Body that owes, zh: 债务单位}
  origin: {type: VARCHAR, en: "contract or policy", zh: "来源：contract 合同、policy 政策资金"}
  age: {type: VARCHAR, en: "Days overdue: not due, 1-30, 31-90, 91-180, 181-365, over 365", zh: 账龄（逾期天数）}
  debts: {type: BIGINT, en: Sums still owed, zh: 笔数}
  firms: {type: BIGINT, en: Firms they are owed to, zh: 企业数}
  owed: {type: "DECIMAL(18,2)", en: "Still owed, yuan", zh: 未付金额（元）}
  hidden_owed: {type: "DECIMAL(18,2)", en: "Of it hidden, yuan", zh: 其中隐性欠款（元）}
  interest: {type: "DECIMAL(18,2)", en: "Interest on it, yuan", zh: 逾期利息（元）}
  oldest_due_on: {type: DATE, en: Oldest day due, zh: 最早应付日期}
---*/
SELECT department_id, origin, age, count(*) AS debts, count(DISTINCT credit_code) AS firms, CAST(sum(owed) AS DECIMAL(18,2)) AS owed,
       CAST(sum(CASE WHEN hidden THEN owed ELSE 0 END) AS DECIMAL(18,2)) AS hidden_owed, CAST(sum(interest) AS DECIMAL(18,2)) AS interest,
       min(due_on) AS oldest_due_on
FROM mart.debt
GROUP BY department_id, origin, age
