package simulator

func graphQL(c *call) reply { return notFound() }
