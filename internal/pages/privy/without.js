// In place of the packages for wallets and telephone numbers: nobody pays or calls on this
// page, and what is not there needs no second look.
function none() {
  throw new Error('this page has no wallets and no telephone numbers')
}
export {
  none as createPublicClient,
  none as formatEther,
  none as formatUnits,
  none as http,
  none as isHex,
  none as toHex,
  none as AsYouType,
  none as getCountryCallingCode,
  none as getExampleNumber,
  none as isPossiblePhoneNumber,
  none as parsePhoneNumberFromString,
}
export const tempo = {}
export const tempoModerato = {}
export default {}
export const getCountries = () => [] // asked as the package is loaded
