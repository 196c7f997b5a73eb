/*---
name: mart.licence
label: {en: Licences, zh: 证照}
description:
  en: "One row a licence of unified.licence with its state on the day and its holder; the electronic licence and the entry of a register have numbers of their own and stand as two rows. revoked and cancelled are what the issuer says; expired follows from the last day also where the issuer still says valid."
  zh: 统一证照每证一行，含当日状态与持证主体；电子证照与登记信息各有编号，分列两行；吊销、注销依发证机关，过有效期者即为过期。
key: [licence_id]
inputs:
  unified.licence: {}
  mart.firm_code: {}
  unified.person_record: {}
  reference.licence_kinds: {}
columns:
  licence_id: {type: VARCHAR, en: Id of the licence, zh: 证照标识}
  kind: {type: VARCHAR, en: "Kind, empty: from a register that tells none", zh: 证照类型}
  kind_name: {type: VARCHAR, en: Name of the kind, zh: 证照类型名称}
  holder_kind: {type: VARCHAR, en: "firm, person or unknown", zh: "持证主体：firm 法人、person 自然人、unknown 不明"}
  firm_id: {type: VARCHAR, en: Firm that holds it, zh: 持证企业标识}
  person_id: {type: VARCHAR, en: Person who holds it, zh: 持证人标识}
  holder_known: {type: BOOLEAN, en: Whether the holder is joined to an entity, zh: 持证主体是否已关联}
  valid_from: {type: DATE, en: First day of validity, zh: 有效期起}
  valid_to: {type: DATE, en: "Last day of validity, empty: no end", zh: 有效期止}
  state: {type: VARCHAR, en: "valid, expired, revoked, cancelled, suspended, not yet or other", zh: "状态：valid 有效、expired 过期、revoked 吊销、cancelled 注销、suspended 暂停、not yet 未生效"}
  electronic: {type: BOOLEAN, en: "Whether it is an electronic licence, and not only the entry of a register", zh: 是否电子证照（否：仅登记信息）}
---*/
WITH people AS (
  SELECT resident_id, min(entity_id) AS person_id FROM unified.person_record WHERE resident_id IS NOT NULL GROUP BY resident_id
)
SELECT l.licence_id, l.kind, k.name AS kind_name,
       CASE WHEN l.holder_code IS NOT NULL THEN 'firm' WHEN l.holder_id IS NOT NULL THEN 'person' ELSE 'unknown' END AS holder_kind,
       c.firm_id, CASE WHEN l.holder_code IS NULL THEN p.person_id END AS person_id,
       coalesce(c.firm_id, CASE WHEN l.holder_code IS NULL THEN p.person_id END) IS NOT NULL AS holder_known, l.issued_on AS valid_from, l.expires_on AS valid_to,
       CASE WHEN l.status = '吊销' THEN 'revoked' WHEN l.status = '注销' THEN 'cancelled'
            WHEN l.expires_on < getvariable('as_of_day') OR l.status = '过期' THEN 'expired'
            WHEN l.issued_on > getvariable('as_of_day') THEN 'not yet'
            WHEN coalesce(l.status, '有效') = '有效' THEN 'valid' WHEN l.status = '暂停' THEN 'suspended' ELSE 'other' END AS state,
       coalesce(l.kind_source = 'approval.e_licence', FALSE) AS electronic
FROM unified.licence AS l
LEFT JOIN mart.firm_code AS c ON c.credit_code = l.holder_code
LEFT JOIN people AS p ON p.resident_id = l.holder_id
LEFT JOIN reference.licence_kinds AS k ON k.code = l.kind
