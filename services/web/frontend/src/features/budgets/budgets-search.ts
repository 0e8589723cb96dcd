/** What the address of the page says: the id of a person or key whose budget or limit is to be set. */
export interface BudgetsSearch {
  budget?: string
  limit?: string
}
