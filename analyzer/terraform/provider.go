package terraform

import (
	"regexp"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// Provider is the provider configuration that a resource uses, found as Terraform finds it: by the resource's
// provider argument, else by the prefix of its type; handed down by a module call's providers argument, else, for
// the default configuration, inherited from the caller.
// https://developer.hashicorp.com/terraform/language/modules/develop/providers
type Provider struct {
	// Address is the configuration as its module names it: "aws", "aws.replica" of the root module, "module.a.aws" of
	// a module that has a provider block of its own; "" where it is not known which configuration is used.
	Address string

	scope *Scope // that has the block, or would have it
	block *block // nil: the configuration has none
}

// providerName is how a module names a provider configuration.
type providerName struct{ local, alias string }

func (n providerName) String() string {
	if n.alias == "" {
		return n.local
	}
	return n.local + "." + n.alias
}

// Provider is the provider configuration that a resource or data source uses.
func (r *Resource) Provider() Provider { return r.Scope.providerOf(r.block) }

// Region is where a resource is: its own region argument, which version 6 of the provider takes, else that of its
// provider configuration.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/guides/enhanced-region-support
func (r *Resource) Region() Value {
	if own := r.argument("region"); !own.Absent() {
		return own
	}
	return r.Provider().Region()
}

// Attr is the value of an argument of the provider's block. It is unknown where the block is not seen, since
// whoever calls the module may write one, and absent where there is none, since the environment decides then.
func (p Provider) Attr(name string) Value {
	if p.block == nil {
		if p.mayBeHandedIn() {
			return unknownValue(hcl.Range{}, "the provider configuration is not known")
		}
		return absentValue()
	}
	for _, body := range p.block.bodies {
		if expr := attribute(body, name); expr != nil {
			return p.scope.Evaluate(expr)
		}
	}
	return absentValue()
}

// Blocks lists the nested blocks of the provider's block; see Resource.Blocks.
func (p Provider) Blocks(name string) (blocks []Block, complete bool) {
	if p.block == nil {
		return nil, !p.mayBeHandedIn()
	}
	return p.scope.strongest(p.block, nil, name)
}

// mayBeHandedIn tells that a provider without a block may have one that is not seen.
func (p Provider) mayBeHandedIn() bool {
	return p.Address == "" || p.scope.open || strings.Contains(p.Address, ".") || p.scope.Module.broken
}

// Same tells whether two resources use the same configuration of one root module. Two configurations may still be of
// one account and Region.
func (p Provider) Same(other Provider) Truth {
	switch {
	case p.Address == "" || other.Address == "":
		return Undecided
	case p.scope.Root != other.scope.Root:
		return False
	case p.Address == other.Address:
		return True
	case p.block == nil && p.mayBeHandedIn() || other.block == nil && other.mayBeHandedIn():
		return Undecided // a caller may hand in the same one under both names
	default:
		return False
	}
}

// Region is the region argument. Without one it is unknown: the environment decides.
func (p Provider) Region() Value { return p.kept("region", p.region) }

func (p Provider) region() Value {
	region := p.Attr("region")
	if region.Absent() {
		return unknownValue(region.Range, "the Region of provider `%s` is not written in the configuration", p.Address)
	}
	return region
}

// Account is the number of the account that the provider certainly works in: the only one of allowed_account_ids, or
// that of the last role that it assumes. It is unknown where neither is written.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs#allowed_account_ids
func (p Provider) Account() Value { return p.kept("account", p.account) }

// kept evaluates what all resources of a provider ask for, once.
func (p Provider) kept(what string, evaluate func() Value) Value {
	if p.block == nil {
		return evaluate()
	}
	return p.scope.memoised("provider."+p.Address+"."+what, evaluate)
}

func (p Provider) account() Value {
	allowed, ok := p.Attr("allowed_account_ids").Elements()
	if ok && len(allowed) == 1 && !allowed[0].Unknown() {
		return allowed[0]
	}
	for _, name := range []string{"assume_role", "assume_role_with_web_identity"} {
		roles, complete := p.Blocks(name)
		if !complete {
			break
		}
		if len(roles) == 0 {
			continue
		}
		if account, found := accountOf(roles[len(roles)-1].Attr("role_arn")); found {
			return account
		}
		break
	}
	return unknownValue(hcl.Range{}, "the account of provider `%s` is not written in the configuration", p.Address)
}

// accountOf is the fifth part of an ARN: arn:aws:iam::111122223333:role/deploy. It may be a reference, and so may the
// partition.
func accountOf(arn Value) (account Value, found bool) {
	segments, _ := arn.Segments()
	var parts []Value // between colons
	var text string   // of the part at hand; a reference is a part of its own
	for i, segment := range segments {
		written, isText := segment.Text()
		if !isText {
			if text != "" || i+1 < len(segments) && !startsPart(segments[i+1]) {
				return Value{}, false
			}
			parts = append(parts, segment)
			continue
		}
		pieces := strings.Split(text+written, ":")
		if i > 0 && !segments[i-1].Known() {
			pieces = pieces[1:] // what is before the colon is the reference
		}
		text = pieces[len(pieces)-1]
		for _, piece := range pieces[:len(pieces)-1] {
			parts = append(parts, Value{state: known, value: cty.StringVal(piece), Range: arn.Range})
		}
	}
	if len(parts) < 5 {
		return Value{}, false
	}
	number, isText := parts[4].Text()
	return parts[4], !isText || accountNumber.MatchString(number)
}

var accountNumber = regexp.MustCompile(`^[0-9]{12}$`)

func startsPart(v Value) bool {
	text, _ := v.Text()
	return strings.HasPrefix(text, ":")
}

// identity says of a provider configuration what makes a resource another one: which it is, the Region and account
// that it certainly works in, and whom it acts as. A default tag or a retry limit is no reason to look at everything again.
func (p Provider) identity() string {
	name, _ := p.kept("identity", func() Value {
		region, _ := p.Region().Text()
		account, _ := p.Account().Text()
		credentials, _ := p.credentials()
		return Value{state: known, value: cty.StringVal(p.Address + "\x00" + region + "\x00" + account + "\x00" + credentials)}
	}).Text()
	return name
}

// providerOf finds the provider configuration of a block. It is kept, since all resources of a scope share a few.
func (s *Scope) providerOf(b *block) Provider {
	kind := b.labels[0]
	name := providerName{local: kind[:max(strings.IndexByte(kind, '_'), 0)]}
	for _, body := range b.bodies {
		if expr := attribute(body, "provider"); expr != nil {
			written, ok := providerRef(b.file, expr)
			if !ok {
				return Provider{scope: s} // one of several, by a key: OpenTofu's for_each on providers
			}
			name = written
			break
		}
	}
	if p, found := s.providers[name]; found {
		return p
	}
	if s.providers == nil {
		s.providers = map[providerName]Provider{}
	}
	p := s.provider(name)
	s.providers[name] = p
	return p
}

// provider finds the configuration that a scope has under a name.
func (s *Scope) provider(name providerName) Provider {
	b := s.Module.providers[name]
	if b != nil && b.repeated() {
		return Provider{scope: s}
	}
	if s.parent == nil {
		return Provider{Address: name.String(), scope: s, block: b}
	}
	if handed, given := s.handedDown(name); given {
		if handed.local == "" {
			return Provider{scope: s}
		}
		return s.parent.provider(handed)
	}
	if b != nil && !b.empty() {
		return Provider{Address: join(s.Path, name.String()), scope: s, block: b}
	}
	if name.alias != "" {
		return Provider{scope: s} // Terraform refuses it
	}
	return s.parent.provider(providerName{local: s.parent.Module.localName(s.Module.source(name.local))})
}

// handedDown reads the call's providers argument. given tells that it has the name; the result is empty where it is
// not understood.
func (s *Scope) handedDown(name providerName) (handed providerName, given bool) {
	for _, body := range s.call.bodies {
		expr := attribute(body, "providers")
		if expr == nil {
			continue
		}
		pairs, diags := hcl.ExprMap(expr)
		if diags.HasErrors() {
			return providerName{}, true
		}
		for _, pair := range pairs {
			if inner, ok := providerRef(s.call.file, pair.Key); ok && inner == name {
				outer, _ := providerRef(s.call.file, pair.Value)
				return outer, true
			}
		}
		return providerName{}, false
	}
	return providerName{}, false
}

// providerRef reads a reference to a provider configuration: aws, aws.eu, or in quotes as old configurations have it.
func providerRef(file *File, expr hcl.Expression) (name providerName, ok bool) {
	text := addressOf(expr)
	if text == "" {
		text, _ = constant(file, expr).Text()
	}
	local, alias, _ := strings.Cut(text, ".")
	if local == "" || strings.ContainsAny(alias, `.[`) {
		return providerName{}, false
	}
	return providerName{local, alias}, true
}

// addProvider notes a provider block. An override's is merged into the one of the same alias.
func (m *Module) addProvider(file *File, b *hcl.Block, override bool) {
	m.rootSigns = true
	name := providerName{local: b.Labels[0]}
	if expr := attribute(b.Body, "alias"); expr != nil {
		alias, isText := constant(file, expr).Text()
		if !isText {
			return
		}
		name.alias = alias
	}
	added := &block{kind: b.Type, labels: b.Labels, file: file, header: b.DefRange, full: fullRange(b), bodies: []hcl.Body{b.Body}}
	if first := m.providers[name]; first == nil {
		m.providers[name] = added
	} else if override {
		first.bodies = append([]hcl.Body{b.Body}, first.bodies...)
	}
}

// repeated tells that a provider block has instances, as OpenTofu allows.
func (b *block) repeated() bool {
	for _, body := range b.bodies {
		if attribute(body, "for_each") != nil {
			return true
		}
	}
	return false
}

// empty tells that a provider block says nothing but its name. In a module that others call it stands for one that is
// handed in, as before Terraform 0.13.
func (b *block) empty() bool {
	for _, body := range b.bodies {
		_, rest, _ := body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "alias"}, {Name: "version"}}})
		attrs, diags := rest.JustAttributes()
		if len(attrs) > 0 || diags.HasErrors() {
			return false
		}
	}
	return true
}
