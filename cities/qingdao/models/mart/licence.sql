/*---
name: mart.licence
label: {en: Licences, zh: 证照}
description:
  en: "One row a licence of unified.licence with its state on the day and its holder. revoked and cancelled are what the issuer says, cancelled also what its register no longer holds; expired follows from the last day also where the issuer still says valid. electronic_valid is what the register of electronic licences shows, whatever the issuer says."
  zh: 统一证照每证一行，含当日状态与持证主体；吊销、注销依发证机关，已从其登记中移出者亦为注销，过有效期者即为过期；electronic_valid 为电子证照库所示，不论发证机关登记如何。
key: [licence_id]
inputs:
  unified.licence: {}
  unified.licence_record: {}
  mart.firm_code: {}
  unified.person_record: {}
  reference.licence_kinds: {}
columns:
  licence_id: {type: VARCHAR, en: Id of the licence, zh: 证照标识}
  kind: {type: VARCHAR, en: Kind, zh: 证照类型}
  kind_name: {type: VARCHAR, en: Name of the kind, zh: 证照类型名称}
  holder_kind: {type: VARCHAR, en: "firm, person or unknown", zh: "持证主体：firm 法人、person 自然人、unknown 不明"}
  firm_id: {type: VARCHAR, en: Firm that holds it, zh: 持证企业标识}
  person_id: {type: VARCHAR, en: Person who holds it, zh: 持证人标识}
  holder_known: {type: BOOLEAN, en: Whether the holder is joined to an entity, zh: 持证主体是否已关联}
  valid_from: {type: DATE, en: First day of validity, zh: 有效期起}
  valid_to: {type: DATE, en: "Last day of validity, empty: no end", zh: 有效期止}
  state: {type: VARCHAR, en: "valid, expired, revoked, cancelled, suspended, not yet or other", zh: "状态：valid 有效、expired 过期、revoked 吊销、cancelled 注销、suspended 暂停、not yet 未生效"}
  electronic: {type: BOOLEAN, en: Whether there is an electronic licence of it, zh: 是否有电子证照}
  electronic_valid: {type: BOOLEAN, en: Whether its electronic licence is shown as valid, zh: 电子证照是否显示有效}
---*/
WITH people AS (
  SELECT resident_id, min(entity_id) AS person_id FROM unified.person_record WHERE resident_id IS NOT NULL GROUP BY resident_id
), speaking AS (
  SELECT resource FROM unified.licence_record WHERE valid_to IS NULL GROUP BY resource
), said AS (
  SELECT r.entity_id,
         max(CASE WHEN r.resource = 'approval.e_licence' AND r.valid_to IS NULL THEN 1 ELSE 0 END) AS electronic,
         max(CASE WHEN r.resource = 'approval.e_licence' AND r.valid_to IS NULL AND r.status = '有效' AND r.issued_on <= getvariable('as_of_day')
                   AND coalesce(r.expires_on >= getvariable('as_of_day'), TRUE) THEN 1 ELSE 0 END) AS electronic_valid,
         max(CASE WHEN r.resource <> 'approval.e_licence' THEN 1 ELSE 0 END) AS was_registered,
         max(CASE WHEN r.resource <> 'approval.e_licence' AND r.valid_to IS NULL THEN 1 ELSE 0 END) AS registered
  FROM unified.licence_record AS r
  JOIN speaking AS s ON s.resource = r.resource
  GROUP BY r.entity_id
)
SELECT l.licence_id, l.kind, k.name AS kind_name,
       CASE WHEN l.holder_code IS NOT NULL THEN 'firm' WHEN l.holder_id IS NOT NULL THEN 'person' ELSE 'unknown' END AS holder_kind,
       c.firm_id, CASE WHEN l.holder_code IS NULL THEN p.person_id END AS person_id,
       coalesce(c.firm_id, CASE WHEN l.holder_code IS NULL THEN p.person_id END) IS NOT NULL AS holder_known, l.issued_on AS valid_from, l.expires_on AS valid_to,
       CASE WHEN l.status = '吊销' THEN 'revoked' WHEN l.status = '注销' THEN 'cancelled'
            WHEN l.expires_on < getvariable('as_of_day') OR l.status = '过期' THEN 'expired'
            WHEN s.was_registered = 1 AND s.registered = 0 THEN 'cancelled'
            WHEN l.issued_on > getvariable('as_of_day') THEN 'not yet'
            WHEN coalesce(l.status, '有效') = '有效' THEN 'valid' WHEN l.status = '暂停' THEN 'suspended' ELSE 'other' END AS state,
       coalesce(s.electronic = 1, FALSE) AS electronic, coalesce(s.electronic_valid = 1, FALSE) AS electronic_valid
FROM unified.licence AS l
LEFT JOIN said AS s ON s.entity_id = l.licence_id
LEFT JOIN mart.firm_code AS c ON c.credit_code = l.holder_code
LEFT JOIN people AS p ON p.resident_id = l.holder_id
LEFT JOIN reference.licence_kinds AS k ON k.code = l.kind
