package lifecycle

import (
	"fmt"
	"slices"

	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// maxNamed is how many resources a sentence names.
const maxNamed = 3

// using says who uses a key: "`a` uses it", "`a` and `b` use it".
func using(users []user) string { return subject(distinct(users), "uses it", "use it") }

// subject writes the addresses before the verb that goes with their number.
func subject(addresses []string, one, more string) string {
	if len(addresses) == 1 {
		return enumerate(addresses) + " " + one
	}
	return enumerate(addresses) + " " + more
}

// distinct lists the addresses of users, each once.
func distinct(users []user) []string {
	var addresses []string
	for _, u := range users {
		if !slices.Contains(addresses, u.resource.Address) {
			addresses = append(addresses, u.resource.Address)
		}
	}
	return addresses
}

func aliasAddresses(aliases []*terraform.Resource) []string {
	var addresses []string
	for _, alias := range aliases {
		addresses = append(addresses, alias.Address)
	}
	return addresses
}

// enumerate writes "`a`", "`a` and `b`", "`a`, `b`, `c` and 4 more".
func enumerate(addresses []string) string {
	text := ""
	for i, address := range addresses[:min(len(addresses), maxNamed)] {
		switch {
		case i == 0:
		case i == len(addresses)-1:
			text += " and "
		default:
			text += ", "
		}
		text += "`" + address + "`"
	}
	if more := len(addresses) - maxNamed; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

func addressesOf(uses []kms.Use) []string {
	var users []user
	for _, use := range uses {
		users = append(users, user{resource: use.Consumer})
	}
	return distinct(users)
}
