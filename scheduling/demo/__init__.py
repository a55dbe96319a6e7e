"""A believable lab to look at: made-up people, and four months of cases told by the services."""
