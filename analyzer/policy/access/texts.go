package access

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kms-review/kms-review/analyzer/policy/pattern"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

// texts splits all texts.
func (n *names) texts(k *keyed, r *requester) ([]cell, bool) {
	var patterns []pattern.Pattern
	var words []pattern.Word
	wild := false
	for _, v := range k.operands {
		if !v.opaque {
			patterns, words = append(patterns, v.match), append(words, v.word)
			wild = wild || v.match.Wild()
		}
	}
	domain, usual := n.domain(k.name, r, words), usual(k.name, words)
	if wild || len(domain) > 0 {
		var ok bool
		if words, ok = pattern.Partition(append(patterns, usual...), domain); !ok {
			return nil, false
		}
	} else {
		words = append(words, fresh(words))
	}
	var cells []cell
	for _, w := range words {
		wild := pattern.Like(w).Wild()
		outside := n.outside(k.name, r, w)
		if outside == terraform.True || wild && plainKey(k.name) {
			continue
		}
		unusual := len(usual) > 0 && !slices.ContainsFunc(usual, func(p pattern.Pattern) bool { return p.Match(w) })
		sure := !wild && !unusual && outside == terraform.False && (!closed(k.name) || slices.ContainsFunc(k.operands, func(v *operand) bool { return slices.Equal(v.word, w) }))
		cells = append(cells, cell{elements: [][]*expression{n.meets(k, w, false)}, sure: sure})
	}
	return cells, true
}

// plainKey tells the keys whose values have no * or ? in them.
func plainKey(key string) bool {
	switch key {
	case "kms:viaservice", "aws:principalorgid", "aws:principalorgpaths", "aws:sourceorgid", "aws:sourceorgpaths",
		"aws:sourcevpc", "aws:sourcevpce":
		return true
	}
	return false
}

// fresh is a text that is none of some words.
func fresh(words []pattern.Word) pattern.Word {
	for i := 0; ; i++ {
		w := pattern.Text("other" + strconv.Itoa(i))
		if !slices.ContainsFunc(words, func(other pattern.Word) bool { return slices.Equal(w, other) }) {
			return w
		}
	}
}

// domain is what values of a key look like, where that tells patterns apart. Symbols look like anything.
func (n *names) domain(key string, r *requester, words []pattern.Word) []pattern.Pattern {
	var domain []pattern.Pattern
	arn := func(service string, account pattern.Pattern, resources ...string) {
		for _, partition := range partitions(words) {
			before := pattern.Exact(slices.Concat(pattern.Text("arn:"), partition, pattern.Text(":"+service+"::")))
			for _, resource := range resources {
				domain = append(domain, slices.Concat(before, account, pattern.Like(pattern.Text(":"+resource))))
			}
		}
	}
	switch key {
	case "kms:calleraccount", "aws:principalaccount", "aws:sourceaccount":
		domain = append(domain, pattern.Digits(12))
	case "aws:principalarn":
		account := pattern.Digits(12)
		if in, ok := r.in(); ok {
			account = pattern.Exact(in)
		}
		arn("iam", account, "role/?*", "user/?*", "root")
		arn("sts", account, "federated-user/?*")
	default:
		return nil
	}
	for _, w := range words {
		if w.Symbolic() && !strings.Contains(spell(w), "*") {
			domain = append(domain, pattern.Exact(w))
		}
	}
	return domain
}

// usual is what ARNs of aws:SourceArn certainly may look like: with an account, or as one that a policy names. Others
// may not exist: no Region has a colon in it, and few names begin with a number that passes for an account.
func usual(key string, words []pattern.Word) []pattern.Pattern {
	if key != "aws:sourcearn" {
		return nil
	}
	var list []pattern.Pattern
	for _, partition := range partitions(words) {
		before, _ := pattern.ARN(slices.Concat(pattern.Text("arn:"), partition, pattern.Text(":?*:*:")))
		list = append(list, slices.Concat(before, pattern.Digits(12), pattern.Exact(pattern.Text(":")), pattern.NoDigit(), pattern.Like(pattern.Text("*"))))
	}
	for _, w := range words {
		if account := field(w, 4); account != nil && len(account) == 0 || w.Symbolic() {
			list = append(list, pattern.Like(w))
		}
	}
	return list
}

// partitions lists those that ARNs name; where none does, aws stands for any.
func partitions(words []pattern.Word) []pattern.Word {
	var list []pattern.Word
	for _, w := range words {
		partition := field(w, 1)
		if len(partition) > 0 && !pattern.Like(partition).Wild() && !slices.ContainsFunc(list, func(p pattern.Word) bool { return slices.Equal(p, partition) }) {
			list = append(list, partition)
		}
	}
	if len(list) == 0 {
		return []pattern.Word{pattern.Text("aws")}
	}
	return list
}

// outside tells that a value is not the requester's, but that of one that is named.
func (n *names) outside(key string, r *requester, w pattern.Word) terraform.Truth {
	switch {
	case key == "aws:principalarn" && r.Kind == Account:
		return n.isNamed(w)
	case !r.elsewhere:
		return terraform.False
	case key == "aws:principalarn":
		w = field(w, 4)
	case key != "kms:calleraccount":
		return terraform.False
	}
	mentioned := n.mentions[base]["account\x01"+spell(w)] || n.mentions[head]["account\x01"+spell(w)]
	return truth(w.Symbolic() || mentioned)
}

// isNamed tells whether a document names the identity that has an ARN.
func (n *names) isNamed(arn pattern.Word) terraform.Truth {
	result := terraform.False
	for _, named := range n.arns {
		switch n.same("arn", arn, named) {
		case yes:
			return terraform.True
		case no:
		default:
			result = terraform.Undecided
		}
	}
	return result
}

func truth(b bool) terraform.Truth {
	if b {
		return terraform.True
	}
	return terraform.False
}

// closed tells the keys of which AWS has a list of values, so that a value which is not written may not exist.
func closed(key string) bool {
	switch key {
	case "kms:keyspec", "kms:customermasterkeyspec", "kms:keyusage", "kms:customermasterkeyusage", "kms:keyorigin",
		"kms:encryptionalgorithm", "kms:signingalgorithm", "kms:macalgorithm", "kms:keyagreementalgorithm",
		"kms:messagetype", "kms:grantoperations", "kms:grantconstrainttype", "kms:datakeypairspec",
		"kms:wrappingalgorithm", "kms:wrappingkeyspec", "kms:expirationmodel", "kms:multiregionkeytype",
		"kms:multiregion", "kms:grantisforawsresource", "kms:bypasspolicylockoutsafetycheck", "kms:reencryptonsamekey",
		"aws:securetransport", "aws:multifactorauthpresent", "aws:principaltype", "aws:viaawsservice",
		"aws:principalisawsservice":
		return true
	}
	return false
}
