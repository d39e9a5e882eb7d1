//! Elliptic curves: keys, signatures (ECDSA) and shared secrets (ECDH) on three NIST curves.

use super::keys::{self, invalid};
use super::{Call, Failure, Row};
use lucarne_heap::Ref;

pub(super) const TABLE: &[Row] = &[
    ("generate", 2, generate),
    ("private-der", 2, private_der),
    ("public-der", 1, public_der),
    ("sign", 2, sign),
    ("verify", 3, verify),
    ("shared-secret", 2, shared_secret),
];

#[derive(Clone, Copy)]
enum Curve {
    P256,
    P384,
    P521,
}

/// Runs code with the crate of a curve.
macro_rules! on_curve {
    ($curve:expr, $name:ident => $body:expr) => {
        match $curve {
            Curve::P256 => {
                use p256 as $name;
                $body
            }
            Curve::P384 => {
                use p384 as $name;
                $body
            }
            Curve::P521 => {
                use p521 as $name;
                $body
            }
        }
    };
}

impl Curve {
    const ALL: [Curve; 3] = [Curve::P256, Curve::P384, Curve::P521];

    fn of_name(name: &str) -> Option<Curve> {
        match name {
            "secp256r1" => Some(Curve::P256),
            "secp384r1" => Some(Curve::P384),
            "secp521r1" => Some(Curve::P521),
            _ => None,
        }
    }

    fn of_private(der: &[u8]) -> Result<Curve, Failure> {
        let fits = |curve: &Curve| on_curve!(curve, c => c::SecretKey::from_der(der).is_ok());
        Curve::ALL.into_iter().find(fits).ok_or(Failure::INVALID_ARGUMENT)
    }

    fn of_public(der: &[u8]) -> Result<Curve, Failure> {
        use p256::pkcs8::DecodePublicKey;
        let fits = |curve: &Curve| on_curve!(curve, c => c::PublicKey::from_public_key_der(der).is_ok());
        Curve::ALL.into_iter().find(fits).ok_or(Failure::INVALID_ARGUMENT)
    }

    /// Returns the cost of a multiplication on this curve.
    fn units(self) -> usize {
        match self {
            Curve::P256 => 20_000,
            Curve::P384 => 60_000,
            Curve::P521 => 150_000,
        }
    }
}

/// `curve seed` -> the DER of a new private key.
fn generate<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    use p256::elliptic_curve::Generate;
    let curve = Curve::of_name(call.string(0)?).ok_or(Failure::INVALID_ARGUMENT)?;
    let mut random = keys::random(call, 1)?;
    call.charge(curve.units());
    let der = on_curve!(curve, c => {
        c::SecretKey::generate_from_rng(&mut random).to_sec1_der().map_err(invalid)?
    });
    Ok(call.heap.new_bytes_from(&der)?.get())
}

/// `key password` -> the DER of a private key.
fn private_der<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    let der = keys::private_der(call, 0)?;
    let curve = Curve::of_private(&der)?;
    call.charge(curve.units());
    let der = on_curve!(curve, c => {
        c::SecretKey::from_der(&der).map_err(invalid)?.to_sec1_der().map_err(invalid)?
    });
    Ok(call.heap.new_bytes_from(&der)?.get())
}

/// `key` -> the DER of a public key. For a private key, this is the public key that belongs to it.
fn public_der<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    use p256::pkcs8::{DecodePublicKey, EncodePublicKey};
    let der = keys::der(call, 0)?;
    let public = match Curve::of_private(&der) {
        Ok(curve) => on_curve!(curve, c => {
            let key = c::SecretKey::from_der(&der).map_err(invalid)?;
            key.public_key().to_public_key_der().map_err(invalid)?
        }),
        Err(_) => on_curve!(Curve::of_public(&der)?, c => {
            let key = c::PublicKey::from_public_key_der(&der).map_err(invalid)?;
            key.to_public_key_der().map_err(invalid)?
        }),
    };
    call.charge(Curve::P521.units());
    Ok(call.heap.new_bytes_from(public.as_bytes())?.get())
}

/// `private-der digest` -> the signature, as DER. It depends only on the arguments (RFC 6979).
fn sign<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    use p256::ecdsa::signature::hazmat::PrehashSigner;
    let (der, digest) = (call.bytes(0)?, call.bytes(1)?);
    let curve = Curve::of_private(der)?;
    let signature = on_curve!(curve, c => {
        let key = c::ecdsa::SigningKey::from(c::SecretKey::from_der(der).map_err(invalid)?);
        let signature: c::ecdsa::DerSignature = key.sign_prehash(digest).map_err(invalid)?;
        signature.to_bytes()
    });
    call.charge(2 * curve.units());
    Ok(call.heap.new_bytes_from(&signature)?.get())
}

/// `public-der digest signature` -> whether the signature is that of the digest.
fn verify<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    use p256::ecdsa::signature::hazmat::PrehashVerifier;
    use p256::pkcs8::DecodePublicKey;
    let (der, digest, signature) = (call.bytes(0)?, call.bytes(1)?, call.bytes(2)?);
    let curve = Curve::of_public(der)?;
    let fits = on_curve!(curve, c => {
        let key = c::PublicKey::from_public_key_der(der).map_err(invalid)?;
        let key = c::ecdsa::VerifyingKey::from(key);
        c::ecdsa::DerSignature::from_bytes(signature).is_ok_and(|it| key.verify_prehash(digest, &it).is_ok())
    });
    call.charge(2 * curve.units());
    Ok(Ref::bool(fits))
}

/// `private-der public-der` -> the secret that both sides know.
fn shared_secret<'c>(call: &'c mut Call<'_>) -> Result<Ref<'c>, Failure> {
    use p256::pkcs8::DecodePublicKey;
    let (private, public) = (call.bytes(0)?, call.bytes(1)?);
    let curve = Curve::of_private(private)?;
    let secret = on_curve!(curve, c => {
        let private = c::SecretKey::from_der(private).map_err(invalid)?;
        let public = c::PublicKey::from_public_key_der(public).map_err(invalid)?;
        private.diffie_hellman(&public).raw_secret_bytes().to_vec()
    });
    call.charge(2 * curve.units());
    Ok(call.heap.new_bytes_from(&secret)?.get())
}
