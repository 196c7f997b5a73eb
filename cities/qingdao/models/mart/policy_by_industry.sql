/*---
name: mart.policy_by_industry
label: {en: Policies in force by industry, zh: 现行政策（按行业）}
description:
  en: "One row a policy in force and section of GB/T 4754 it is for: what a firm of that industry may ask for. A policy for all industries stands under each; an expired one under none."
  zh: 每项现行有效政策与其适用行业门类（GB/T 4754）一行：供企业按行业检索；不限行业的政策列入各门类，失效政策不列。
key: [section_code, policy_id]
inputs:
  mart.policy: {}
  reference.industries: {}
columns:
  section_code: {type: VARCHAR, en: Section of GB/T 4754, zh: 行业门类代码}
  section: {type: VARCHAR, en: Name of the section, zh: 行业门类}
  policy_id: {type: VARCHAR, en: Policy, zh: 政策}
  title: {type: VARCHAR, en: Title, zh: 标题}
  audience: {type: VARCHAR, en: Whom it is for, zh: 适用对象}
  payout: {type: BOOLEAN, en: Whether it pays money, zh: 是否涉及资金兑现}
  valid_to: {type: DATE, en: "Last day of validity, empty: until further notice", zh: 失效日期}
  for_all: {type: BOOLEAN, en: Whether it is for all industries, zh: 是否不限行业}
---*/
SELECT s.code AS section_code, s.name AS section, p.policy_id, p.title, p.audience, p.payout, p.valid_to, p.industries IS NULL AS for_all
FROM mart.policy AS p
JOIN reference.industries AS s
  ON length(s.code) = 1 AND (p.industries IS NULL OR concat(';', p.industries, ';') LIKE concat('%;', s.code, ';%'))
WHERE p.state = 'in force'
