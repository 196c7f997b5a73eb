/*---
name: mart.approval_step
label: {en: Steps of approvals, zh: 审批环节}
description:
  en: One row a step of an approval case, with the working days it took; the day it started is not counted.
  zh: 每个办件的每个环节一行，及其用时工作日（起始日不计）。
key: [case_no, step_no]
increment: case_no
inputs:
  approval.approval_case: {by: case_no}
  mart.working_day: {}
columns:
  case_no: {type: VARCHAR, en: Case, zh: 办件编号}
  step_no: {type: BIGINT, en: Place of the step in the case, zh: 环节序号}
  step: {type: VARCHAR, en: Step, zh: 环节名称}
  item_code: {type: VARCHAR, en: Service item, zh: 事项编码}
  department_id: {type: VARCHAR, en: Department that handles it, zh: 办理部门}
  parallel: {type: BOOLEAN, en: Whether the case is handled side by side, zh: 并联审批}
  started_on: {type: DATE, en: Day it started, zh: 开始日期}
  ended_on: {type: DATE, en: "Day it ended, empty: still going", zh: 结束日期}
  working_days: {type: BIGINT, en: "Working days it took, empty: still going", zh: 用时（工作日）}
  hours: {type: DOUBLE, en: "Hours it took by the clock, empty: still going", zh: 用时（小时）}
---*/
SELECT s.case_no, s.step_no, s.step, s.item_code, s.department_id, s.parallel, CAST(s.started_at AS DATE) AS started_on,
       CAST(s.ended_at AS DATE) AS ended_on, CAST(b.nth - a.nth AS BIGINT) AS working_days,
       round(CAST(date_diff('second', s.started_at, s.ended_at) AS DOUBLE) / 3600, 1) AS hours
FROM approval.approval_case AS s
LEFT JOIN mart.working_day AS a ON a.day = CAST(s.started_at AS DATE)
LEFT JOIN mart.working_day AS b ON b.day = CAST(s.ended_at AS DATE)
