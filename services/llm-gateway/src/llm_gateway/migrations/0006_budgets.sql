-- Every process keeps the set of projects that have budgets, so that calls of the others ask nothing.
SELECT open_to_relay('budgets');
-- A reaper of all projects settles the calls of lost processes, and gives back what they held.
SELECT open_to_relay('budget_holds');

-- The bill of failures is a question of its own; the attempt says how it failed.
ALTER TABLE usage ADD COLUMN failed boolean NOT NULL DEFAULT false;
