package statement

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-review/kms-review/analyzer/finding"
	"github.com/kms-review/kms-review/analyzer/fix"
	"github.com/kms-review/kms-review/analyzer/kms"
	"github.com/kms-review/kms-review/analyzer/policy"
	"github.com/kms-review/kms-review/analyzer/policy/access"
	"github.com/kms-review/kms-review/analyzer/policy/action"
	"github.com/kms-review/kms-review/analyzer/rule"
	"github.com/kms-review/kms-review/analyzer/terraform"
)

//go:embed iam_decrypt_all_keys.txtar
var iamDecryptAllKeysSpec string

const (
	keysInPolicies = "https://docs.aws.amazon.com/kms/latest/developerguide/cmks-in-iam-policies.html"
	aliasGuide     = "https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html"
)

// IAMDecryptAllKeys reports an identity policy that permits to decrypt with any key, or that names a key by its alias.
var IAMDecryptAllKeys = rule.Rule{
	ID: "KMS215", Name: "iam-decrypt-all-keys",
	Title:      "IAM policy allows decryption with all keys, or uses an alias ARN as resource",
	Severity:   finding.Medium,
	References: []string{keysInPolicies, aliasGuide},
	Compliance: []string{"AWS Security Hub KMS.1, KMS.2", "AWS Well-Architected SEC03-BP02", "NIST SP 800-53 AC-6"},
	Spec:       iamDecryptAllKeysSpec,
	Check:      checkIAMDecryptAllKeys,
}

func checkIAMDecryptAllKeys(p *rule.Pass) {
	i := identities{newReporter(p)}
	limits := boundaries(p)
	for _, w := range p.Head.IAMDocuments() {
		if limits[placed{w.Scope.Root, w.Address}] {
			continue
		}
		for _, d := range alternatives(w.Document) {
			for _, s := range d.Statements {
				i.aliases(w, s)
				i.decryption(w, d, s)
			}
		}
	}
}

type identities struct{ reporter }

// placed is a resource in a repository: addresses repeat between root modules.
type placed struct{ root, address string }

// boundaries are the policies that are somebody's permissions boundary, or that a condition asks to be one. What such a
// policy allows it gives to nobody.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
func boundaries(p *rule.Pass) map[placed]bool {
	found := map[placed]bool{}
	note := func(ref *terraform.Reference) {
		if ref == nil {
			return
		}
		for _, r := range ref.Resources() {
			found[placed{r.Scope.Root, r.Address}] = true
		}
	}
	for _, typ := range []string{"aws_iam_role", "aws_iam_user"} {
		for _, r := range p.Head.OfType(typ) {
			note(r.Attr("permissions_boundary").Reference)
		}
	}
	for _, w := range p.Head.IAMDocuments() {
		for _, d := range alternatives(w.Document) {
			for _, s := range d.Statements {
				for _, value := range boundariesIn(s.Conditions) {
					note(value.Reference())
				}
			}
		}
	}
	return found
}

func boundariesIn(conditions policy.Conditions) (values []policy.Text) {
	for _, c := range conditions.Items {
		if key, _ := c.Key.Known(); strings.EqualFold(key, "iam:PermissionsBoundary") {
			values = append(values, c.Values.Items...)
		}
	}
	return values
}

// keyActions are the KMS actions of an Allow statement; none where a part of them is not known, or somebody else's: "*" is
// for general tools.
func keyActions(s policy.Statement) (actions action.Set) {
	if s.Effect.Is("Allow") != terraform.True || s.Open || s.Actions.Open {
		return 0
	}
	for _, item := range s.Actions.Items {
		text, known := item.Known()
		set := action.Match(text)
		if !known || set != 0 && !ofKMS(text) {
			return 0
		}
		actions |= set
	}
	return actions
}

// onAliases are the actions for which the ARN of an alias is a resource.
// https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
const onAliases = action.CreateAlias | action.DeleteAlias | action.UpdateAlias

func (i identities) aliases(w kms.Written, s policy.Statement) {
	actions := keyActions(s)
	if actions == 0 || actions&onAliases != 0 {
		return
	}
	for _, item := range s.Resources.Items {
		if !isAlias(item) || i.named(item, s.Resources.Items) {
			continue
		}
		symbol, _ := item.Symbol()
		i.report(w, s.Range, rule.Problem{
			Discriminator: "alias\x00" + symbol + "\x00" + identity(s), Range: item.Range,
			Message: fmt.Sprintf("%s in %s of `%s` is the ARN of an alias, which permits nothing to be done with the key. KMS compares "+
				"the ARN of the key, or the condition `kms:ResourceAliases` with the name of the alias.", finding.Code(item.Words()), name(s), w.Address),
			Evidence: []rule.Evidence{{Range: s.Actions.Range, Note: "for these actions"}},
			Fix: func() []finding.Edit {
				return fix.Rewrite(i.source(item.Range.Filename), item.Range, targetOfAlias)
			},
		})
	}
}

// targetOfAlias turns a reference to an alias's ARN into one to that of its key.
func targetOfAlias(text string) string {
	for _, end := range []string{"", `}"`, ` }"`} {
		if reference, ok := strings.CutSuffix(text, ".arn"+end); ok {
			return reference + ".target_key_arn" + end
		}
	}
	return text
}

func isAlias(item policy.Text) bool {
	if ref := item.Reference(); ref != nil {
		resources := ref.Resources()
		return ref.Attribute == "arn" && !ref.Each && len(resources) > 0 && resources[0].Type == "aws_kms_alias"
	}
	fields, ok := arn(item)
	return ok && fields[2] == "kms" && strings.HasPrefix(fields[5], "alias/")
}

// named tells that the resources name the alias's key too, or any key: then the alias does no harm.
func (i identities) named(alias policy.Text, resources []policy.Text) bool {
	var target *terraform.Resource
	if ref := alias.Reference(); ref != nil {
		if keys, _, truth := i.Head.Target(terraform.Value{Reference: ref}, ref.Resources()[0]); truth == terraform.True {
			target = keys[0].Resource
		}
	}
	return slices.ContainsFunc(resources, func(item policy.Text) bool {
		ref := item.Reference()
		return anyKey(item) || ref != nil && slices.Contains(ref.Resources(), target) ||
			ref != nil && alias.Reference() != nil && ref.Address == alias.Reference().Address && ref.Attribute == "target_key_arn"
	})
}

// decrypts are the actions that give data in plain text.
const decrypts = action.Decrypt | action.ReEncryptFrom

func (i identities) decryption(w kms.Written, d policy.Document, s policy.Statement) {
	actions := keyActions(s)
	if actions&decrypts == 0 || d.Open || limited(s) || denied(d) {
		return
	}
	for _, item := range s.Resources.Items {
		if !anyKey(item) || !own(w, item) {
			continue
		}
		i.report(w, s.Range, rule.Problem{
			Discriminator: "decrypt\x00" + subject(s), Range: item.Range,
			Message: fmt.Sprintf("%s of `%s` permits `%s` with %s, so with every key there whose policy leaves access to IAM. Whoever "+
				"has this policy can read the data of all applications that use those keys.", sentence(name(s)), w.Address, actions&decrypts, finding.Code(item.Words())),
			Evidence: []rule.Evidence{{Range: s.Actions.Range, Note: "for these actions"}},
		})
		return
	}
}

// harmless are keys of conditions that do not say which key or which data it is about.
var harmless = []string{"aws:securetransport", "aws:multifactorauthpresent", "aws:multifactorauthage"}

// limited tells that a condition may say which keys or which services a statement is for.
func limited(s policy.Statement) bool {
	return s.Conditions.Open || slices.ContainsFunc(s.Conditions.Items, func(c policy.Condition) bool {
		key, _ := c.Key.Known()
		return !slices.Contains(harmless, strings.ToLower(key))
	})
}

// denied tells that another statement of the policy may take the permission away again.
func denied(d policy.Document) bool {
	return slices.ContainsFunc(d.Statements, func(s policy.Statement) bool {
		_, possible := access.Actions(s)
		return s.Effect.Is("Allow") != terraform.True && possible&decrypts != 0
	})
}

// own tells that a resource certainly is of the policy's own account. In another one a key policy has to name who may
// use its key, and IAM policies there decide nothing.
func own(w kms.Written, item policy.Text) bool {
	fields, isARN := arn(item)
	if !isARN || fields[4] == "*" {
		return true
	}
	return access.OwnerOf(w.Resource).Self(account(item)) == terraform.True
}

// account is the fifth part of an ARN, in which it stands by itself.
func account(item policy.Text) policy.Text {
	var found policy.Text
	colons := 0
	for _, part := range item.Parts {
		if part.Unknown != nil && colons == 4 {
			found.Parts = append(found.Parts, part)
		}
		for n, literal := range strings.Split(part.Literal, ":") {
			if n > 0 {
				colons++
			}
			if colons == 4 && literal != "" {
				found.Parts = append(found.Parts, policy.Part{Literal: literal})
			}
		}
	}
	return found
}

// anyKey tells a resource that names no key, but all of an account, or of an account and Region.
func anyKey(item policy.Text) bool {
	if item.Is("*") == terraform.True {
		return true
	}
	fields, ok := arn(item)
	return ok && fields[2] == "kms" && (fields[5] == "key/*" || fields[5] == "*")
}

// arn splits the text of an ARN into its six parts, in which what is not known is a question mark.
func arn(item policy.Text) (fields []string, ok bool) {
	var text strings.Builder
	for _, part := range item.Parts {
		text.WriteString(part.Literal)
		if part.Unknown != nil {
			text.WriteString("?")
		}
	}
	fields = strings.SplitN(text.String(), ":", 6)
	return fields, len(fields) == 6 && fields[0] == "arn"
}
