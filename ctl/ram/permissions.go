package ram

import "mirrorgw/ctl/store"

// permissionText is what the permission lets receivers do with targets.
const permissionText = `{"Effect":"Allow","Action":["ec2:DescribeTrafficMirrorTargets","ec2:CreateTrafficMirrorSession","ec2:ModifyTrafficMirrorSession"]}`

type typesInput struct {
	Scope string `json:"resourceRegionScope,omitempty"`
	paged
}

type wireType struct {
	Type    string `json:"resourceType"`
	Service string `json:"serviceName"`
	Scope   string `json:"resourceRegionScope"`
}

func listTypes(x *request, in *typesInput) (any, error) {
	if err := oneOf("resourceRegionScope", in.Scope, "", "ALL", "REGIONAL", "GLOBAL"); err != nil {
		return nil, err
	}
	if err := x.permitAll(); err != nil {
		return nil, err
	}
	found, next, err := list(x, in.Scope, in.paged, func(_ *store.View, to *page[wireType]) error {
		if in.Scope != "GLOBAL" && to.wants(targetType) {
			to.add(targetType, wireType{targetType, "ec2", "REGIONAL"})
		}
		return nil
	})
	return struct {
		Types []wireType `json:"resourceTypes"`
		Next  *string    `json:"nextToken,omitempty"`
	}{found, next}, err
}

type wirePermission struct {
	ARN       string `json:"arn"`
	Version   string `json:"version"`
	IsDefault bool   `json:"defaultVersion"`
	Name      string `json:"name"`
	Type      string `json:"resourceType"`
	Status    string `json:"status,omitempty"`
	Text      string `json:"permission,omitempty"`
	OfType    bool   `json:"isResourceTypeDefault"`
}

func permission() wirePermission {
	return wirePermission{ARN: permissionARN, Version: "1", IsDefault: true, Name: "AWSRAMDefaultPermissionTrafficMirror", Type: targetType, OfType: true}
}

type permissionsAnswer struct {
	Permissions []wirePermission `json:"permissions"`
	Next        *string          `json:"nextToken,omitempty"`
}

// addPermission adds the one permission that there is.
func addPermission(to *page[wirePermission], status string) {
	if p := permission(); to.wants(p.ARN) {
		p.Status = status
		to.add(p.ARN, p)
	}
}

type permissionsInput struct {
	Type string `json:"resourceType,omitempty"`
	paged
}

func listPermissions(x *request, in *permissionsInput) (any, error) {
	if in.Type != "" && in.Type != targetType {
		return nil, invalid("The resource type %q is not valid. The type that can be shared is %s.", clip(in.Type), targetType)
	}
	if err := x.permitAll(); err != nil {
		return nil, err
	}
	found, next, err := list(x, in.Type, in.paged, func(_ *store.View, to *page[wirePermission]) error {
		addPermission(to, "ATTACHABLE")
		return nil
	})
	return permissionsAnswer{found, next}, err
}

type sharePermissionsInput struct {
	ARN string `json:"resourceShareArn,omitempty"`
	paged
}

func listSharePermissions(x *request, in *sharePermissionsInput) (any, error) {
	if in.ARN == "" {
		return nil, missing("resourceShareArn")
	}
	if err := x.permitAll(); err != nil {
		return nil, err
	}
	found, next, err := list(x, in.ARN, in.paged, func(v *store.View, to *page[wirePermission]) error {
		_, err := x.share(v, in.ARN)
		addPermission(to, "ASSOCIATED")
		return err
	})
	return permissionsAnswer{found, next}, err
}

type permissionInput struct {
	ARN     string `json:"permissionArn,omitempty"`
	Version *int   `json:"permissionVersion,omitempty"`
}

func getPermission(x *request, in *permissionInput) (any, error) {
	if in.ARN == "" {
		return nil, missing("permissionArn")
	}
	if err := checkPermissions([]string{in.ARN}); err != nil {
		return nil, err
	}
	if in.Version != nil && *in.Version != 1 {
		return nil, refused(unknownResource, "The permission %s has no version %d.", permissionARN, *in.Version)
	}
	if err := x.permitAll(); err != nil {
		return nil, err
	}
	p := permission()
	p.Text = permissionText
	return map[string]wirePermission{"permission": p}, nil
}

// checkPermissions refuses all permissions but the one that there is.
func checkPermissions(arns []string) error {
	for _, arn := range arns {
		if _, f := parseARN(arn); f != nil {
			return f
		}
		if arn != permissionARN {
			return unknown(arn)
		}
	}
	return nil
}
