-- Policies in force for manufacturing (section C of GB/T 4754), those that pay money first. Expired ones are not in the mart.
SELECT policy_id, title, audience, payout, valid_to, for_all
FROM mart.policy_by_industry
WHERE section_code = 'C'
ORDER BY payout DESC, for_all, policy_id
