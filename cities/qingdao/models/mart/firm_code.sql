/*---
name: mart.firm_code
label: {en: Credit codes of firms, zh: 企业信用代码对照}
description:
  en: One row a credit code that any department knows, with the legal entity it belongs to; a code merged away by a judgement still leads to its entity.
  zh: 各部门掌握的统一社会信用代码每码一行，及其所属法人；经人工判定合并的代码仍指向同一法人。
key: [credit_code]
inputs:
  unified.legal_entity_record: {}
columns:
  credit_code: {type: VARCHAR, en: Unified social credit code, zh: 统一社会信用代码}
  firm_id: {type: VARCHAR, en: Id of the legal entity, zh: 法人标识}
---*/
SELECT credit_code, min(entity_id) AS firm_id FROM unified.legal_entity_record WHERE credit_code IS NOT NULL GROUP BY credit_code
