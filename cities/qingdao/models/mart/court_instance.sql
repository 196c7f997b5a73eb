/*---
name: mart.court_instance
label: {en: Administrative cases in court by instance, zh: 行政诉讼案件（按审级）}
description:
  en: "One row a case and instance heard by the day, however often it was heard (法释〔2020〕3号): appeared when the head or the deputy in charge came once, staff do not count. counted is false where every absence has a reason and a document: it stands outside the rate."
  zh: 截至当日已开庭的每案每审级一行，多次开庭计一次（法释〔2020〕3号）：正职或分管副职到庭一次即为出庭，工作人员不计；各次缺席均有正当理由及书面说明者不计入出庭率。
key: [case_no, instance]
inputs:
  court.administrative_case: {}
columns:
  case_no: {type: VARCHAR, en: Case, zh: 案号}
  instance: {type: VARCHAR, en: Instance, zh: 审级}
  department_id: {type: VARCHAR, en: Department sued, zh: 被诉部门}
  cause: {type: VARCHAR, en: Cause, zh: 案由}
  year: {type: BIGINT, en: Year of the first hearing, zh: 首次开庭年份}
  hearings: {type: BIGINT, en: Hearings, zh: 开庭次数}
  appeared: {type: BOOLEAN, en: Whether the head or the deputy in charge appeared, zh: 负责人是否出庭}
  chief: {type: BOOLEAN, en: Whether the head appeared, zh: 正职是否出庭}
  spoke: {type: BOOLEAN, en: Whether an official spoke, zh: 是否出庭发声}
  counted: {type: BOOLEAN, en: Whether it counts for the rate, zh: 是否计入出庭率}
---*/
WITH instances AS (
  SELECT case_no, instance, min(department_id) AS department_id, min(cause) AS cause, CAST(year(min(heard_on)) AS BIGINT) AS year,
         count(*) AS hearings, bool_or(appeared IN ('正职', '分管副职')) AS appeared, bool_or(appeared = '正职') AS chief,
         coalesce(bool_or(spoke), FALSE) AS spoke, bool_and(absence_reason IS NOT NULL AND absence_document IS NOT NULL) AS justified
  FROM court.administrative_case
  WHERE heard_on <= getvariable('as_of_day')
  GROUP BY case_no, instance
)
SELECT case_no, instance, department_id, cause, year, hearings, appeared, chief, spoke, appeared OR NOT justified AS counted
FROM instances
