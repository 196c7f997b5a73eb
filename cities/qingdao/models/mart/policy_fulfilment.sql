/*---
name: mart.policy_fulfilment
label: {en: Money promised and paid under policies, zh: 政策资金兑现}
description:
  en: "One row a policy and firm: what was promised, what was paid by the day, what is left. A payment under a document nobody pooled has no policy title; a firm that no register knows has no firm_id."
  zh: 每项政策与每家企业一行：核定、已兑现与未兑现金额；文件未归集者无政策标题，登记中查无的企业无企业标识。
key: [policy_id, credit_code]
inputs:
  finance.policy_payment: {}
  mart.policy: {}
  mart.firm_code: {}
columns:
  policy_id: {type: VARCHAR, en: "Document number, blanks taken out and brackets alike", zh: 规范化文号}
  title: {type: VARCHAR, en: "Title, empty: the document was not pooled", zh: 政策标题}
  credit_code: {type: VARCHAR, en: Credit code of the firm, zh: 企业信用代码}
  firm_id: {type: VARCHAR, en: "Firm, empty: no register knows the code", zh: 企业标识}
  payments: {type: BIGINT, en: Payments promised, zh: 核定笔数}
  promised: {type: "DECIMAL(18,2)", en: "Promised, yuan", zh: 核定金额（元）}
  paid: {type: "DECIMAL(18,2)", en: "Paid by the day, yuan", zh: 已兑现金额（元）}
  unpaid: {type: "DECIMAL(18,2)", en: "Promised less paid, yuan", zh: 未兑现金额（元）}
  first_promised_on: {type: DATE, en: First day of a promise, zh: 首次核定日期}
  last_paid_on: {type: DATE, en: "Last day of a payment, empty: none", zh: 最近兑现日期}
---*/
WITH due AS (
  SELECT translate(document_no, '〔〕［］[]【】（）() 　', '------------') AS policy_id, credit_code, promised_on, promised_amount,
         CASE WHEN paid_on <= getvariable('as_of_day') THEN coalesce(paid_amount, 0) ELSE 0 END AS paid_amount,
         CASE WHEN paid_on <= getvariable('as_of_day') THEN paid_on END AS paid_on
  FROM finance.policy_payment
  WHERE promised_on <= getvariable('as_of_day')
), summed AS (
  SELECT policy_id, credit_code, count(*) AS payments, CAST(sum(promised_amount) AS DECIMAL(18,2)) AS promised,
         CAST(sum(paid_amount) AS DECIMAL(18,2)) AS paid, CAST(sum(promised_amount - paid_amount) AS DECIMAL(18,2)) AS unpaid,
         min(promised_on) AS first_promised_on, max(paid_on) AS last_paid_on
  FROM due
  GROUP BY policy_id, credit_code
)
SELECT s.policy_id, p.title, s.credit_code, c.firm_id, s.payments, s.promised, s.paid, s.unpaid, s.first_promised_on, s.last_paid_on
FROM summed AS s
LEFT JOIN mart.policy AS p ON p.policy_id = s.policy_id
LEFT JOIN mart.firm_code AS c ON c.credit_code = s.credit_code
