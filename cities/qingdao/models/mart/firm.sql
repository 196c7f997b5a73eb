/*---
name: mart.firm
label: {en: Firms, zh: 企业全景}
description:
  en: "One row a firm: a legal entity whose credit code begins with 9 (registered by the market supervision), with its licences, the money promised, paid and still owed to it, and its approvals on commitment. Which department said what stands in unified.legal_entity."
  zh: 每户企业一行（统一社会信用代码首位为 9，即市场监管登记）：证照、政策资金核定与兑现、欠款、告知承诺；各数据项的来源见 unified.legal_entity。
key: [firm_id]
inputs:
  unified.legal_entity: {}
  reference.industries: {}
  unified.division: {}
  mart.firm_code: {}
  mart.licence: {}
  mart.policy_fulfilment: {}
  mart.debt: {}
  mart.approval_case: {}
columns:
  firm_id: {type: VARCHAR, en: Id of the firm, zh: 企业标识}
  credit_code: {type: VARCHAR, en: Unified social credit code, zh: 统一社会信用代码}
  name: {type: VARCHAR, en: Name, zh: 企业名称}
  industry_code: {type: VARCHAR, en: Industry of GB/T 4754, zh: 行业代码}
  section_code: {type: VARCHAR, en: Section of GB/T 4754, zh: 行业门类代码}
  section: {type: VARCHAR, en: Name of the section, zh: 行业门类}
  division_code: {type: VARCHAR, en: District of the seat, zh: 住所区市代码}
  division: {type: VARCHAR, en: Name of the district, zh: 住所区市}
  status: {type: VARCHAR, en: Status of registration, zh: 登记状态}
  established_on: {type: DATE, en: Date of establishment, zh: 成立日期}
  capital: {type: "DECIMAL(18,4)", en: "Registered capital, 10,000 yuan", zh: 注册资本（万元）}
  tax_rating: {type: VARCHAR, en: Tax credit rating, zh: 纳税信用等级}
  licences_valid: {type: BIGINT, en: Kinds of licence valid on the day, zh: 有效证照种类数}
  licences_lapsed: {type: BIGINT, en: "Kinds of which it holds none valid, but one that was", zh: 仅有失效证照的种类数}
  policies: {type: BIGINT, en: Policies that promised it money, zh: 享受政策数}
  promised: {type: "DECIMAL(18,2)", en: "Promised under policies, yuan", zh: 核定政策资金（元）}
  paid: {type: "DECIMAL(18,2)", en: "Paid under policies, yuan", zh: 已兑现政策资金（元）}
  unpaid: {type: "DECIMAL(18,2)", en: "Promised and not paid, yuan", zh: 未兑现政策资金（元）}
  debts: {type: BIGINT, en: Contracts on which it is owed money, zh: 欠款合同数}
  owed: {type: "DECIMAL(18,2)", en: "Owed to it under contracts, yuan", zh: 合同欠款（元）}
  overdue: {type: "DECIMAL(18,2)", en: "Of it overdue, yuan", zh: 其中逾期（元）}
  commitments: {type: BIGINT, en: Approvals on commitment, zh: 告知承诺办件数}
  commitments_broken: {type: BIGINT, en: Of these broken, zh: 其中违诺}
---*/
WITH kinds AS (
  SELECT firm_id, kind, max(CASE WHEN state = 'valid' THEN 1 ELSE 0 END) AS valid,
         max(CASE WHEN state IN ('expired', 'revoked', 'cancelled') THEN 1 ELSE 0 END) AS lapsed
  FROM mart.licence
  WHERE firm_id IS NOT NULL
  GROUP BY firm_id, kind
), licences AS (
  SELECT firm_id, CAST(sum(valid) AS BIGINT) AS valid, CAST(sum(CASE WHEN valid = 0 THEN lapsed ELSE 0 END) AS BIGINT) AS lapsed
  FROM kinds
  GROUP BY firm_id
), money AS (
  SELECT firm_id, count(*) AS policies, sum(promised) AS promised, sum(paid) AS paid, sum(unpaid) AS unpaid
  FROM mart.policy_fulfilment
  GROUP BY firm_id
), owing AS (
  SELECT firm_id, count(*) AS debts, sum(owed) AS owed, sum(CASE WHEN days_overdue > 0 THEN owed ELSE 0 END) AS overdue
  FROM mart.debt
  WHERE origin = 'contract'
  GROUP BY firm_id
), promises AS (
  SELECT c.firm_id, count(*) AS made, count(CASE WHEN a.commitment_broken_on <= getvariable('as_of_day') THEN 1 END) AS broken
  FROM mart.approval_case AS a
  JOIN mart.firm_code AS c ON c.credit_code = a.credit_code
  WHERE a.commitment
  GROUP BY c.firm_id
)
SELECT e.legal_entity_id AS firm_id, e.credit_code, e.name, e.industry_code, substr(e.industry_code, 1, 1) AS section_code, i.name AS section,
       e.division_code, d.name AS division, e.status, e.established_on, CAST(e.capital AS DECIMAL(18,4)) AS capital, e.tax_rating,
       coalesce(l.valid, 0) AS licences_valid, coalesce(l.lapsed, 0) AS licences_lapsed, coalesce(m.policies, 0) AS policies,
       CAST(coalesce(m.promised, 0) AS DECIMAL(18,2)) AS promised, CAST(coalesce(m.paid, 0) AS DECIMAL(18,2)) AS paid,
       CAST(coalesce(m.unpaid, 0) AS DECIMAL(18,2)) AS unpaid, coalesce(o.debts, 0) AS debts,
       CAST(coalesce(o.owed, 0) AS DECIMAL(18,2)) AS owed, CAST(coalesce(o.overdue, 0) AS DECIMAL(18,2)) AS overdue,
       coalesce(p.made, 0) AS commitments, coalesce(p.broken, 0) AS commitments_broken
FROM unified.legal_entity AS e
LEFT JOIN reference.industries AS i ON i.code = substr(e.industry_code, 1, 1)
LEFT JOIN unified.division AS d ON d.code = e.division_code
LEFT JOIN licences AS l ON l.firm_id = e.legal_entity_id
LEFT JOIN money AS m ON m.firm_id = e.legal_entity_id
LEFT JOIN owing AS o ON o.firm_id = e.legal_entity_id
LEFT JOIN promises AS p ON p.firm_id = e.legal_entity_id
WHERE e.credit_code LIKE '9%'
