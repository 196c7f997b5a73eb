/*---
name: mart.approval_case
label: {en: Approval cases, zh: 审批办件}
description:
  en: "One row an approval case. hours_in_series is what its steps would have taken one after another; saved_share is what handling them side by side saved of that. A case is finished when every step ended and the licence was issued."
  zh: 每个办件一行。hours_in_series 为各环节依次办理所需时长，saved_share 为并联办理压减比例；各环节均办结且已发证方为办结。
key: [case_no]
increment: case_no
inputs:
  approval.approval_case: {by: case_no}
  mart.working_day: {}
columns:
  case_no: {type: VARCHAR, en: Case, zh: 办件编号}
  item_code: {type: VARCHAR, en: Service item, zh: 事项编码}
  credit_code: {type: VARCHAR, en: Credit code of the applicant, zh: 申请企业信用代码}
  overseas_window: {type: VARCHAR, en: "Window abroad that took it, empty: in the city", zh: 海外窗口}
  steps: {type: BIGINT, en: Steps, zh: 环节数}
  finished: {type: BOOLEAN, en: Whether it is finished, zh: 是否办结}
  started_on: {type: DATE, en: Day of the first step, zh: 受理日期}
  finished_on: {type: DATE, en: "Day it was finished, empty: still going", zh: 办结日期}
  working_days: {type: BIGINT, en: "Working days from start to finish, empty: still going", zh: 用时（工作日）}
  parallel: {type: BOOLEAN, en: Whether all its steps are handled side by side, zh: 并联审批}
  hours: {type: DOUBLE, en: "Hours from start to finish by the clock, empty: still going", zh: 用时（小时）}
  hours_in_series: {type: DOUBLE, en: "Sum of the hours of its steps, empty: still going", zh: 依次办理用时（小时）}
  saved_share: {type: DOUBLE, en: "Saved by handling steps side by side, %; empty: not side by side or still going", zh: 并联压减比例（%）}
  commitment: {type: BOOLEAN, en: Whether it was approved on commitment, zh: 告知承诺}
  commitment_broken_on: {type: DATE, en: "Day the commitment was found broken, empty: kept so far", zh: 违诺认定日期}
  tolerant: {type: BOOLEAN, en: Whether it was taken with papers missing, zh: 容缺受理}
  supplemented_on: {type: DATE, en: "Day the papers came, empty: not yet or none were missing", zh: 补正日期}
---*/
WITH cases AS (
  SELECT case_no, min(item_code) AS item_code, min(credit_code) AS credit_code, min(overseas_window) AS overseas_window, count(*) AS steps,
         bool_and(ended_at IS NOT NULL) AND bool_or(step = '审批发证') AS finished, min(started_at) AS started_at, max(ended_at) AS ended_at,
         bool_and(parallel) AS parallel, sum(date_diff('second', started_at, ended_at)) AS seconds_in_series,
         bool_or(commitment) AS commitment, min(commitment_broken_on) AS commitment_broken_on, bool_or(tolerant) AS tolerant,
         max(supplemented_on) AS supplemented_on
  FROM approval.approval_case
  GROUP BY case_no
), timed AS (
  SELECT case_no, item_code, credit_code, overseas_window, steps, finished, parallel, commitment, commitment_broken_on, tolerant, supplemented_on,
         CAST(started_at AS DATE) AS started_on, CASE WHEN finished THEN CAST(ended_at AS DATE) END AS finished_on,
         CASE WHEN finished THEN CAST(date_diff('second', started_at, ended_at) AS DOUBLE) END AS seconds,
         CASE WHEN finished THEN CAST(seconds_in_series AS DOUBLE) END AS seconds_in_series
  FROM cases
)
SELECT t.case_no, t.item_code, t.credit_code, t.overseas_window, t.steps, t.finished, t.started_on, t.finished_on,
       CAST(b.nth - a.nth AS BIGINT) AS working_days, t.parallel, round(t.seconds / 3600, 1) AS hours,
       round(t.seconds_in_series / 3600, 1) AS hours_in_series,
       CASE WHEN t.parallel THEN round(100 * (1 - t.seconds / nullif(t.seconds_in_series, 0)), 1) END AS saved_share,
       t.commitment, t.commitment_broken_on, t.tolerant, t.supplemented_on
FROM timed AS t
LEFT JOIN mart.working_day AS a ON a.day = t.started_on
LEFT JOIN mart.working_day AS b ON b.day = t.finished_on
