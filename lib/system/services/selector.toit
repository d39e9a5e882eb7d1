/** Names a service interface: a $uuid that never changes, and the version. */
class ServiceSelector:
  uuid/string
  major/int
  minor/int

  constructor --.uuid --.major --.minor:

  /** Returns a selector that can be restricted to some of the providers. */
  restrict -> ServiceSelectorRestricted:
    return ServiceSelectorRestricted.from_ this

  /** Whether this names the same version of the same interface as $selector. */
  matches selector/ServiceSelector -> bool:
    return uuid == selector.uuid and major == selector.major and minor == selector.minor

  is-allowed_ --name/string --major/int --minor/int --tags/List? -> bool:
    return true

/**
A selector that only accepts some providers.

Once a name is allowed, providers with other names are denied. Once a tag is allowed, providers
  without an allowed tag are denied.
*/
class ServiceSelectorRestricted extends ServiceSelector:
  /** For each name, the $VersionRule_ objects. */
  rules-by-name_/Map ::= {:}
  /** For each tag, whether it is allowed. */
  rules-by-tag_/Map ::= {:}
  has-allowed-name_/bool := false
  has-allowed-tag_/bool := false

  constructor.from_ selector/ServiceSelector:
    super --uuid=selector.uuid --major=selector.major --minor=selector.minor

  /** See $super. */
  restrict -> ServiceSelectorRestricted:
    throw "Already restricted"

  /** Accepts providers of this $name, of any version or the given one. */
  allow --name/string --major/int?=null --minor/int?=null -> ServiceSelectorRestricted:
    has-allowed-name_ = true
    return add-rule_ name (VersionRule_ major minor --allow)

  /** Refuses providers of this $name, of any version or the given one. */
  deny --name/string --major/int?=null --minor/int?=null -> ServiceSelectorRestricted:
    return add-rule_ name (VersionRule_ major minor --no-allow)

  /** Accepts providers with this $tag. */
  allow --tag/string -> ServiceSelectorRestricted:
    return allow --tags=[tag]

  /** Accepts providers with one of these $tags. */
  allow --tags/List -> ServiceSelectorRestricted:
    has-allowed-tag_ = true
    return add-tags_ tags --allow

  /** Refuses providers with this $tag. */
  deny --tag/string -> ServiceSelectorRestricted:
    return deny --tags=[tag]

  /** Refuses providers with one of these $tags. */
  deny --tags/List -> ServiceSelectorRestricted:
    return add-tags_ tags --no-allow

  add-rule_ name/string rule/VersionRule_ -> ServiceSelectorRestricted:
    if rule.minor and not rule.major: throw "Must have major version to match on minor"
    rules := rules-by-name_.get name --init=: []
    if (rules.any: it.overlaps rule): throw "Cannot have multiple entries for the same named version"
    rules.add rule
    return this

  add-tags_ tags/List --allow/bool -> ServiceSelectorRestricted:
    tags.do: | tag/string |
      if (rules-by-tag_.get tag) == (not allow): throw "Cannot allow and deny the same tag"
      rules-by-tag_[tag] = allow
    return this

  is-allowed_ --name/string --major/int --minor/int --tags/List? -> bool:
    return (is-name-allowed_ name major minor) and (are-tags-allowed_ tags)

  is-name-allowed_ name/string major/int minor/int -> bool:
    allowed := not has-allowed-name_
    rules := rules-by-name_.get name --if-absent=: return allowed
    rules.do: | rule/VersionRule_ |
      if rule.covers major minor:
        if not rule.allow: return false
        allowed = true
    return allowed

  are-tags-allowed_ tags/List? -> bool:
    allowed := not has-allowed-tag_
    if not tags: return allowed
    tags.do: | tag/string |
      rule := rules-by-tag_.get tag
      if rule == false: return false
      if rule: allowed = true
    return allowed

/** Accepts or refuses versions: all, those of one major version, or one. */
class VersionRule_:
  allow/bool
  major/int?
  minor/int?

  constructor .major .minor --.allow:

  covers major/int minor/int -> bool:
    if this.major and this.major != major: return false
    return not this.minor or this.minor == minor

  /** Whether some version falls under both rules. */
  overlaps other/VersionRule_ -> bool:
    if major and other.major and major != other.major: return false
    return not (minor and other.minor and minor != other.minor)
