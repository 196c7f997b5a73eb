/*---
name: mart.approval_by_department
label: {en: Steps of approvals by department, zh: 审批环节用时（按部门）}
description:
  en: One row a department and step, over all steps of the lake that have ended; open_steps are those still going.
  zh: 每个部门与环节一行，统计湖内全部已结束环节；open_steps 为在办环节。
key: [department_id, step]
inputs:
  mart.approval_step: {}
columns:
  department_id: {type: VARCHAR, en: Department that handles it, zh: 办理部门}
  step: {type: VARCHAR, en: Step, zh: 环节名称}
  ended_steps: {type: BIGINT, en: Steps ended, zh: 已办环节}
  open_steps: {type: BIGINT, en: Steps still going, zh: 在办环节}
  mean_working_days: {type: DOUBLE, en: Mean of the working days, zh: 平均用时（工作日）}
  most_working_days: {type: BIGINT, en: Most working days, zh: 最长用时（工作日）}
---*/
SELECT department_id, step, count(ended_on) AS ended_steps, count(CASE WHEN ended_on IS NULL THEN 1 END) AS open_steps,
       round(CAST(sum(working_days) AS DOUBLE) / nullif(count(working_days), 0), 1) AS mean_working_days,
       max(working_days) AS most_working_days
FROM mart.approval_step
GROUP BY department_id, step
