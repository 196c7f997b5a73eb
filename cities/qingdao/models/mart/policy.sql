/*---
name: mart.policy
label: {en: Policies, zh: 政策（去重）}
description:
  en: "One row a policy, however many departments pooled it: documents with the same number, blanks and kinds of bracket apart, are one. Title, validity and industries are those of the copy pooled by the department whose id comes first; copies_differ says that another copy gives another validity."
  zh: 每项政策一行：文号去除空格、统一括号后相同者视为同一政策；标题、有效期与行业取自标识排序在前的归集部门，copies_differ 表示各部门登记的有效期不一致。
key: [policy_id]
inputs:
  development_reform.policy_document: {}
  science_technology.policy_document: {}
columns:
  policy_id: {type: VARCHAR, en: "Document number, blanks taken out and brackets alike", zh: 规范化文号}
  document_no: {type: VARCHAR, en: Document number as issued, zh: 文号}
  title: {type: VARCHAR, en: Title, zh: 标题}
  issuers: {type: VARCHAR, en: "Departments that issued it, separated by semicolons", zh: 发文部门}
  copies: {type: BIGINT, en: Documents pooled of it, zh: 归集份数}
  copies_differ: {type: BOOLEAN, en: Whether its copies give different validity, zh: 有效期是否不一致}
  issued_on: {type: DATE, en: First day of issue, zh: 印发日期}
  valid_from: {type: DATE, en: First day of validity, zh: 生效日期}
  valid_to: {type: DATE, en: "Last day of validity, empty: until further notice", zh: 失效日期}
  state: {type: VARCHAR, en: "in force, expired or not yet", zh: "状态：in force 有效、expired 失效、not yet 未生效"}
  industries: {type: VARCHAR, en: "Sections of GB/T 4754 it is for, separated by semicolons; empty: all", zh: 适用行业门类}
  audience: {type: VARCHAR, en: Whom it is for, zh: 适用对象}
  payout: {type: BOOLEAN, en: Whether it pays money, zh: 是否涉及资金兑现}
---*/
WITH pooled AS (
  SELECT 'development_reform' AS department, policy_no, title, document_no, issuer, issued_on, valid_from, valid_to, industries, audience, payout
  FROM development_reform.policy_document
  UNION ALL
  SELECT 'science_technology' AS department, policy_no, title, document_no, issuer, issued_on, valid_from, valid_to, industries, audience, payout
  FROM science_technology.policy_document
), numbered AS (
  SELECT translate(document_no, '〔〕［］[]【】（）() 　', '------------') AS policy_id, department, policy_no, title, document_no, issuer,
         issued_on, valid_from, valid_to, industries, audience, payout
  FROM pooled
  WHERE issued_on <= getvariable('as_of_day')
), placed AS (
  SELECT policy_id, title, document_no, valid_from, valid_to, industries, audience, payout,
         row_number() OVER (PARTITION BY policy_id ORDER BY department, issued_on, policy_no) AS place
  FROM numbered
), issuing AS (
  SELECT policy_id, string_agg(issuer, ';' ORDER BY issuer) AS issuers
  FROM (SELECT DISTINCT policy_id, issuer FROM numbered) AS each_once
  GROUP BY policy_id
), merged AS (
  SELECT policy_id, count(*) AS copies, min(issued_on) AS issued_on,
         min(valid_from) <> max(valid_from)
           OR coalesce(min(coalesce(valid_to, DATE '9999-12-31')) <> max(coalesce(valid_to, DATE '9999-12-31')), FALSE) AS copies_differ
  FROM numbered
  GROUP BY policy_id
)
SELECT p.policy_id, p.document_no, p.title, i.issuers, m.copies, m.copies_differ, m.issued_on, p.valid_from, p.valid_to,
       CASE WHEN p.valid_from > getvariable('as_of_day') THEN 'not yet' WHEN p.valid_to < getvariable('as_of_day') THEN 'expired'
            ELSE 'in force' END AS state,
       p.industries, p.audience, p.payout
FROM placed AS p
JOIN merged AS m ON m.policy_id = p.policy_id
JOIN issuing AS i ON i.policy_id = p.policy_id
WHERE p.place = 1
