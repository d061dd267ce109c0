package terraform

import "strings"

// SameAccount tells whether two provider configurations of one root module certainly work in one account: they are
// one, or they show the same credentials and assume the same role. It is Undecided for any others, of which
// Account may know more.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs#authentication-and-configuration
func (p Provider) SameAccount(other Provider) Truth {
	if p.Same(other) == True {
		return True
	}
	if p.Address == "" || other.Address == "" || p.scope.Root != other.scope.Root {
		return Undecided
	}
	mine, seen := p.credentials()
	others, seenToo := other.credentials()
	if seen && seenToo && mine == others {
		return True
	}
	return Undecided
}

// The arguments that say who calls AWS. What they leave out comes from the environment, which is the same for all.
var (
	credentialArguments = []string{"access_key", "profile", "shared_config_files", "shared_credentials_file", "shared_credentials_files", "token"}
	roleBlocks          = []string{"assume_role", "assume_role_with_web_identity"}
)

// credentials names whom a provider configuration acts as; ok is false where a part of that cannot be told from others.
func (p Provider) credentials() (name string, ok bool) {
	var words strings.Builder
	note := func(argument string, v Value) bool {
		if v.Absent() {
			return true
		}
		symbol, named := v.Symbol()
		if !named {
			symbol, named = p.sameWords(v)
		}
		words.WriteString(argument + "\x00" + symbol + "\x00")
		return named
	}
	for _, argument := range credentialArguments {
		if !note(argument, p.Attr(argument)) {
			return "", false
		}
	}
	for _, block := range roleBlocks {
		roles, complete := p.Blocks(block)
		if !complete {
			return "", false
		}
		for _, role := range roles {
			if !note(block, role.Attr("role_arn")) {
				return "", false
			}
		}
	}
	return words.String(), true
}

// sameWords names a value by its expression: the same one means the same value in one scope, as
// var.accounts[terraform.workspace] does, unless it asks for another each time.
func (p Provider) sameWords(v Value) (name string, ok bool) {
	text := p.scope.text(v.Range)
	for function := range impure {
		if strings.Contains(text, function) {
			return "", false
		}
	}
	return p.scope.Path + "\x00" + text, text != ""
}
