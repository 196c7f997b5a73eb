/*---
name: mart.firm_by_industry
label: {en: Firms by industry and district, zh: 企业统计（行业、区市）}
description:
  en: "One row a section of GB/T 4754 and district that has firms; '-' stands for firms of which no department tells it."
  zh: 每个行业门类与区市一行；“-”为各部门均无记载者。
key: [section_code, division_code]
inputs:
  mart.firm: {}
columns:
  section_code: {type: VARCHAR, en: Section of GB/T 4754, zh: 行业门类代码}
  section: {type: VARCHAR, en: Name of the section, zh: 行业门类}
  division_code: {type: VARCHAR, en: District, zh: 区市代码}
  division: {type: VARCHAR, en: Name of the district, zh: 区市}
  firms: {type: BIGINT, en: Firms, zh: 企业数}
  active: {type: BIGINT, en: Of these in being (存续), zh: 存续企业数}
  licences_valid: {type: BIGINT, en: Kinds of licence valid on the day summed over firms, zh: 有效证照种类数合计}
  promised: {type: "DECIMAL(18,2)", en: "Promised under policies, yuan", zh: 核定政策资金（元）}
  paid: {type: "DECIMAL(18,2)", en: "Paid under policies, yuan", zh: 已兑现政策资金（元）}
  owed: {type: "DECIMAL(18,2)", en: "Owed under contracts, yuan", zh: 合同欠款（元）}
  overdue: {type: "DECIMAL(18,2)", en: "Of it overdue, yuan", zh: 其中逾期（元）}
---*/
SELECT coalesce(section_code, '-') AS section_code, min(section) AS section, coalesce(division_code, '-') AS division_code,
       min(division) AS division, count(*) AS firms, count(CASE WHEN status = '存续' THEN 1 END) AS active,
       CAST(sum(licences_valid) AS BIGINT) AS licences_valid, CAST(sum(promised) AS DECIMAL(18,2)) AS promised,
       CAST(sum(paid) AS DECIMAL(18,2)) AS paid, CAST(sum(owed) AS DECIMAL(18,2)) AS owed, CAST(sum(overdue) AS DECIMAL(18,2)) AS overdue
FROM mart.firm
GROUP BY coalesce(section_code, '-'), coalesce(division_code, '-')
